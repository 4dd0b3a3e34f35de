/* text.h -- UTF-8, identifiers, hex and base64, and the nearest known word. */
#ifndef ORCH_BASE_TEXT_H
#define ORCH_BASE_TEXT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. NUL bytes are valid UTF-8. */
bool text_utf8_valid(const void *bytes, size_t len);
/* How many of the first bytes are. */
size_t text_utf8_prefix(const void *bytes, size_t len);
/* How many of the first bytes stand in a JSON string as they are: no escape, no end, no control. */
size_t text_plain_prefix(const void *bytes, size_t len);
/* Appends text with invalid bytes as U+FFFD and C0, C1 and DEL controls as \xNN: safe to print. */
void text_add_printable(struct buf *b, const char *text, size_t len);

/* Appends text with invalid bytes as U+FFFD and NUL as \x00, which would end it for the rest. */
void text_add_utf8(struct buf *b, const char *text, size_t len);

/* Lower-case hex. out holds 2 * len + 1 bytes. */
void text_hex(const uint8_t *bytes, size_t len, char *out);
/* Exactly 2 * len lower- or upper-case digits. */
bool text_unhex(const char *hex, size_t hex_len, uint8_t *ret, size_t len) must_check;
/* True for exactly 64 lower-case hex digits. */
bool text_is_sha256(const char *text);

/* A key's digest as people compare it, OpenSSH's form: "SHA256:" and base64 without padding. */
enum { FINGERPRINT_BYTES = 51 };
struct fingerprint {
    char text[FINGERPRINT_BYTES];
};
struct fingerprint text_fingerprint(const uint8_t digest[32]);
/* The same of a digest in lower hex, written to room; any other text is returned as it is. */
const char *text_fingerprint_of(const char *hex, struct fingerprint *room);

/* RFC 4648. url: base64url without padding (RFC 7515); otherwise standard with padding. */
void text_add_base64(struct buf *b, const void *bytes, size_t len, bool url);
/* Refuses white space, wrong padding and anything but the one alphabet. Appends to b. */
bool text_unbase64(struct buf *b, const char *text, size_t len, bool url, struct err *e) must_check;

/* Copies into a fixed array; false when it does not fit (nothing is cut silently). */
bool text_copy(char *out, size_t out_bytes, const char *text) must_check;

bool text_is_among(const char *text, const char *const *words, size_t count);

/* The word nearest to text by edit distance, or NULL when none is near enough to suggest.
 * words ends with NULL. */
const char *text_nearest(const char *text, const char *const *words);

#endif
