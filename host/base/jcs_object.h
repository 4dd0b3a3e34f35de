/* jcs_object.h -- objects of canonical JSON (RFC 8785) as text, without a tree: written member by
 * member where they are made, and walked where they are only passed on.
 *
 *     struct jcs_object o = jcs_object_begin(&text);
 *     jcs_object_str(&o, "id", id);
 *     jcs_object_int(&o, "n", n);
 *     jcs_object_end(&o);
 *
 * The writer's members come in the order of RFC 8785 3.2.3, under names of ours that need no
 * escape; the order is asserted. A value that is written by hand follows jcs_object_key. What is
 * walked was written here or by jcs_write: it is not checked again. Pure. */
#ifndef ORCH_BASE_JCS_OBJECT_H
#define ORCH_BASE_JCS_OBJECT_H

#include "base/buf.h"

#include <stdbool.h>

struct jcs_object {
    struct buf *b;
    const char *last; /* name of the last member; NULL: none yet */
};

struct jcs_object jcs_object_begin(struct buf *b);
void jcs_object_key(struct jcs_object *o, const char *key);
void jcs_object_str(struct jcs_object *o, const char *key, const char *text); /* NULL: null */
void jcs_object_int(struct jcs_object *o, const char *key, int64_t number);
void jcs_object_real(struct jcs_object *o, const char *key, double number);
void jcs_object_bool(struct jcs_object *o, const char *key, bool value);
void jcs_object_end(struct jcs_object *o);

/* Borrowed from a canonical text, not terminated. */
struct jcs_part {
    const char *at;
    size_t len;
};

int jcs_part_compare(struct jcs_part a, struct jcs_part b);
/* What stands between the quotation marks, as it is escaped there; empty for what is no string. */
struct jcs_part jcs_part_inside(struct jcs_part value);

/* Moves on by a member of an object or an element of an array; *at begins at the whole value. False
 * at the end. */
bool jcs_next_member(const char **at, struct jcs_part *ret_key, struct jcs_part *ret_value);
bool jcs_next_element(const char **at, struct jcs_part *ret_value);

#endif
