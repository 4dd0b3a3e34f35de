/* buf.h -- a growable byte buffer, always NUL-terminated behind its last byte.
 *
 * Embedded: `auto_done(buf) b = { 0 };`. Growth never fails (base/mem.h): whoever appends bytes
 * from outside bounds them first. */
#ifndef ORCH_BASE_BUF_H
#define ORCH_BASE_BUF_H

#include "base/auto.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *data; /* NULL while nothing was ever added */
    size_t len;
    size_t cap;
};

void buf_done(struct buf *b);
DEFINE_AUTO_DONE(buf)

void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *bytes, size_t len);
/* Here, so that the length of what is written in the call is known there. */
static inline void buf_adds(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}
void buf_addc(struct buf *b, char c);
void buf_add_int(struct buf *b, int64_t number); /* decimal */
void buf_addf(struct buf *b, const char *fmt, ...) printf_like(2, 3);
void buf_clear(struct buf *b);                  /* keeps the memory */
void buf_cut(struct buf *b, size_t from_start); /* drops the first bytes */

/* Never NULL: an empty buffer gives "". Valid until the next call on b. */
const char *buf_text(const struct buf *b);
/* Hands the bytes over (NUL-terminated, release with free) and leaves b empty. */
char *buf_take(struct buf *b) must_check;

/* Appends text as a JSON string with its quotes; escapes what RFC 8785 3.2.2.2 escapes. The text
 * must be UTF-8: see text_utf8_valid. */
void buf_add_json_str(struct buf *b, const char *text, size_t len);
/* The same without the quotes: a part of a string. */
void buf_add_escaped(struct buf *b, const char *text, size_t len);

#endif
