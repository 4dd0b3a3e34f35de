/* json.h -- strict JSON at the door (RFC 8259 within I-JSON, RFC 7493) and canonical JSON out
 * (RFC 8785, JCS). jansson parses; this adds what it does not refuse by itself.
 *
 * Refused, each with line and column: duplicate keys, depth over the limit, invalid UTF-8, lone
 * surrogates, U+0000 in strings, numbers that no double holds, anything behind the value.
 *
 * Numbers, on every way through (definitions in YAML and JSON, conditions, bodies, inputs, outputs,
 * the store, answers, exports, the SDK): a number is a finite double. With a point or an exponent
 * it is a real, and the nearest double is meant. Digits alone are an integer within +-(2^53-1).
 * Digits alone beyond that are the real whose RFC 8785 text they are (10000000000000000 is 1e16),
 * and are refused when they are no such text (9007199254740993): they would come back as others. So
 * what the canonical form writes is always taken again, and no number changes on its way. */
#ifndef ORCH_BASE_JSON_H
#define ORCH_BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

#include <jansson.h>

#define JSON_SAFE_INT_MAX 9007199254740991LL

static inline void json_auto_decref(json_t **j)
{
    json_decref(*j);
}
#define auto_json __attribute__((cleanup(json_auto_decref))) json_t *

struct json_limits {
    size_t bytes_max;
    unsigned depth_max; /* open arrays and objects; at most four times JSON_DEPTH_MAX */
    size_t values_max;  /* elements, members and the whole; 0: as many as the bytes hold */
};
/* JSON_BYTES_MAX, JSON_DEPTH_MAX and JSON_VALUES_MAX of base/limits.h. */
extern const struct json_limits json_limits_default;

/* Where a text was wrong; both from 1, 0 when there is no place. */
struct json_place {
    int line;
    int column;
};

/* Call once before any thread starts: gives jansson the allocator of base/mem.h. */
void json_setup(void);
/* For a program of one thread that is about to read one large text and ends then: so many bytes of
 * what jansson allocates from now on stand side by side, and are released with the process. */
void json_expect(size_t bytes);

/* One pass over the text that makes no tree and needs no memory: what it takes is JSON within the
 * limits, but for duplicate keys and reals beyond a double. ERR_TOO_LARGE: too many bytes or
 * values. ret_place may be NULL. The message holds line and column. */
bool json_scan(const char *text, size_t len, const struct json_limits *limits,
               struct json_place *ret_place, struct err *e) must_check;

/* The same; appends to ret_wide the offset (a size_t each) behind every digit of a real that is
 * written as an integer beyond +-(2^53-1). */
bool json_scan_wide(const char *text, size_t len, const struct json_limits *limits,
                    struct buf *ret_wide, struct json_place *ret_place, struct err *e) must_check;

/* Builds a tree only of what json_scan takes: its size is bounded before it is begun. The caller
 * owns *ret. */
bool json_parse(const char *text, size_t len, const struct json_limits *limits, json_t **ret,
                struct json_place *ret_place, struct err *e) must_check;

/* False when value has more values, or more bytes of text in any form, than these; looks at no more
 * of it than it takes to know. Bytes are a lower bound: what is within them may be longer written.
 */
bool json_within(const json_t *value, size_t bytes_max, size_t values_max);

/* Appends the canonical form. Fails only for a value that json_parse would have refused
 * (built by hand: NaN, infinities, integers out of range). */
bool jcs_write(const json_t *value, struct buf *b, struct err *e) must_check;
/* SHA-256 of the canonical form. */
bool jcs_sha256(const json_t *value, struct sha256_hex *ret, struct err *e) must_check;

/* The ECMAScript Number::toString text of RFC 8785 3.2.2.3. number is finite. out: 32 bytes. */
void jcs_number(double number, char *out);

/* True when text, an optional "-" and then digits without a leading zero, is the RFC 8785 text of a
 * real beyond +-(2^53-1). */
bool jcs_whole_real(const char *text, size_t len, double *ret);

/* Keys in insertion order; reals in their shortest form, always with a point or an exponent, so
 * that they read back as reals. For people and for wires where order carries no meaning. */
void json_add_compact(struct buf *b, const json_t *value);
/* The same over several lines, indented by two. */
void json_add_pretty(struct buf *b, const json_t *value);

/* A member whose value is text already. */
struct json_member {
    const char *key;
    const char *text;
};
/* Appends an object of them, in their order. */
void json_add_members(struct buf *b, const struct json_member *members, size_t count);
/* The order of RFC 8785 3.2.3: of canonical texts, json_add_members then writes a canonical one. */
void jcs_sort_members(struct json_member *members, size_t count);

/* Typed reads of an object member; absent gives the default, the wrong type an error that names
 * the member. */
bool json_get_str(const json_t *object, const char *key, const char *absent, const char **ret,
                  struct err *e) must_check;
bool json_get_int(const json_t *object, const char *key, int64_t absent, int64_t min, int64_t max,
                  int64_t *ret, struct err *e) must_check;
bool json_get_bool(const json_t *object, const char *key, bool absent, bool *ret,
                   struct err *e) must_check;

/* The text of a member; "" when it is absent or none. Borrowed. */
const char *json_text_of(const json_t *object, const char *key);

/* Deep equality in JSON's sense: 1 equals 1.0, true does not equal 1. */
bool json_same(const json_t *a, const json_t *b);

const char *json_type_name(const json_t *value);

#endif
