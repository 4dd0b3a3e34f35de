/* hash.c -- see hash.h. OpenSSL's own SHA-256 and not its EVP, which asks providers for it: the
 * same code, half the time for the short texts that are most of our hashing, and no 2 MB of
 * providers in each process that hashes (ADR 42). Deprecated since 3.0, there in all of 3.x. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/hash.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <openssl/sha.h>
#include <stdlib.h>

static_assert(SHA256_BYTES == SHA256_DIGEST_LENGTH, "the same digest");

struct sha256_stream {
    SHA256_CTX state;
};

static void begin(SHA256_CTX *state)
{
    int ok = SHA256_Init(state);

    assert(ok == 1);
}

static void add(SHA256_CTX *state, const void *bytes, size_t len)
{
    int ok = SHA256_Update(state, bytes, len);

    assert(ok == 1);
}

static void end(SHA256_CTX *state, uint8_t ret[SHA256_BYTES])
{
    int ok = SHA256_Final(ret, state);

    assert(ok == 1);
}

void sha256(const void *bytes, size_t len, uint8_t ret[SHA256_BYTES])
{
    SHA256_CTX state;

    begin(&state);
    add(&state, bytes, len);
    end(&state, ret);
}

static struct sha256_hex hex_of(const uint8_t digest[SHA256_BYTES])
{
    struct sha256_hex hex;

    text_hex(digest, SHA256_BYTES, hex.text);
    return hex;
}

struct sha256_hex sha256_hex(const void *bytes, size_t len)
{
    uint8_t digest[SHA256_BYTES];

    sha256(bytes, len, digest);
    return hex_of(digest);
}

struct sha256_stream *sha256_stream_new(void)
{
    struct sha256_stream *s = mem_new(struct sha256_stream);

    begin(&s->state);
    return s;
}

void sha256_stream_add(struct sha256_stream *s, const void *bytes, size_t len)
{
    add(&s->state, bytes, len);
}

void sha256_stream_end(struct sha256_stream *s, uint8_t ret[SHA256_BYTES])
{
    end(&s->state, ret);
    free(s);
}

struct sha256_hex sha256_stream_end_hex(struct sha256_stream *s)
{
    uint8_t digest[SHA256_BYTES];

    sha256_stream_end(s, digest);
    return hex_of(digest);
}
