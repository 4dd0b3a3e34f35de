/* redact.h -- finds secret values in what an attempt is about to say and puts "[redacted]" in their
 * place: as they are, percent-encoded, in hex of either case, and inside base64 and base64url at
 * each of the three ways that bytes can fall into groups of three; each of these also with any
 * choice of JSON escapes.
 *
 * Values under REDACT_ENCODED_BYTES_MIN bytes are found only as they are: their encodings are too
 * short to tell from chance. A plugin that wants to disguise a value can; this stops accidents. */
#ifndef ORCH_SANDBOX_WORKER_REDACT_H
#define ORCH_SANDBOX_WORKER_REDACT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REDACT_ENCODED_BYTES_MIN = 4 };

/* Lives as long as its process, which ends with the attempt. */
struct redactor {
    struct redact_pattern {
        char *bytes;
        size_t len;
    } * patterns;
    size_t count;
    bool starts[256]; /* first bytes of patterns */
};

void redact_add(struct redactor *r, const void *value, size_t len);
/* Appends text to b, secrets replaced, and ends where more than `most` bytes were appended: what is
 * cut is cut behind this, or the limit would fall into a secret and tell a part of it. Every secret
 * is compared with all that follows in text. Returns how much of text it took. */
size_t redact_copy(const struct redactor *r, const char *text, size_t len, size_t most,
                   struct buf *b);

#endif
