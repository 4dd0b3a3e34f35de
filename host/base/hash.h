/* hash.h -- SHA-256 of OpenSSL, which uses the CPU's SHA instructions (USERS 0.7); the authority's
 * is libsodium's (hash.c). */
#ifndef ORCH_BASE_HASH_H
#define ORCH_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX_BYTES = 65 };

/* Lower-case hex with its NUL; "" where there is no hash. */
struct sha256_hex {
    char text[SHA256_HEX_BYTES];
};

void sha256(const void *bytes, size_t len, uint8_t ret[SHA256_BYTES]);
struct sha256_hex sha256_hex(const void *bytes, size_t len);

/* For data in pieces. */
struct sha256_stream;
struct sha256_stream *sha256_stream_new(void);
void sha256_stream_add(struct sha256_stream *s, const void *bytes, size_t len);
/* Ends and frees the stream. */
void sha256_stream_end(struct sha256_stream *s, uint8_t ret[SHA256_BYTES]);
struct sha256_hex sha256_stream_end_hex(struct sha256_stream *s);

#endif
