/* hash.c -- see hash.h. OpenSSL's own SHA-256 and not its EVP, which asks providers for it: the
 * same code, half the time for the short texts that are most of our hashing, and no 2 MB of
 * providers in each process that hashes (ADR 42). Deprecated since 3.0, there in all of 3.x.
 *
 * HASH_BY_SODIUM: libsodium's, for the authority, which has that library anyway, hashes little,
 * and would have 1.6 MB of OpenSSL for it (ADR 65). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/hash.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>

#ifdef HASH_BY_SODIUM
#include <sodium.h>
typedef crypto_hash_sha256_state hash_state;
#define hash_init(state) (crypto_hash_sha256_init(state) == 0)
#define hash_update(state, bytes, len) (crypto_hash_sha256_update(state, bytes, len) == 0)
#define hash_final(ret, state) (crypto_hash_sha256_final(state, ret) == 0)
static_assert(SHA256_BYTES == crypto_hash_sha256_BYTES, "the same digest");
#else
#include <openssl/sha.h>
typedef SHA256_CTX hash_state;
#define hash_init(state) (SHA256_Init(state) == 1)
#define hash_update(state, bytes, len) (SHA256_Update(state, bytes, len) == 1)
#define hash_final(ret, state) (SHA256_Final(ret, state) == 1)
static_assert(SHA256_BYTES == SHA256_DIGEST_LENGTH, "the same digest");
#endif

struct sha256_stream {
    hash_state state;
};

static void begin(hash_state *state)
{
    bool ok = hash_init(state);

    assert(ok);
}

static void add(hash_state *state, const void *bytes, size_t len)
{
    bool ok = hash_update(state, bytes, len);

    assert(ok);
}

static void end(hash_state *state, uint8_t ret[SHA256_BYTES])
{
    bool ok = hash_final(ret, state);

    assert(ok);
}

void sha256(const void *bytes, size_t len, uint8_t ret[SHA256_BYTES])
{
    hash_state state;

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
