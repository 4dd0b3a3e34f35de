/* key.h -- Ed25519 keys: generate, sign, verify, and PEM files that `openssl pkey` reads.
 *
 * A public key is a plain value. A secret key lives in memory that is locked, fenced by guard
 * pages, left out of core dumps and wiped when freed; it never leaves that memory except as the
 * PEM file that key_secret_save writes (0600).
 * Formats: PKCS#8 and SubjectPublicKeyInfo as RFC 8410; both are a fixed DER prefix and 32 bytes.
 * Used by the authority process and, offline, by the CLI. Errors: ERR_INVALID for a text that is
 * not such a key, ERR_DENIED for a file that others may read. */
#ifndef ORCH_AUTHORITY_KEYS_KEY_H
#define ORCH_AUTHORITY_KEYS_KEY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

enum {
    KEY_BYTES = 32,
    SIGNATURE_BYTES = 64,
    KEY_PEM_BYTES_MAX = 1024,
};

struct key_public {
    uint8_t bytes[KEY_BYTES];
};

/* The key id: SHA-256 of the SubjectPublicKeyInfo DER, in hex. In files and signed formats; what
 * people see is the fingerprint. */
struct sha256_hex key_id(const struct key_public *key);
struct fingerprint key_fingerprint(const struct key_public *key);

/* Appends the SPKI PEM, as `openssl pkey -pubout` writes it. */
void key_public_pem(const struct key_public *key, struct buf *b);
/* Takes SPKI PEM, or base64 of the 32 bytes. Refuses every other kind of key. */
bool key_public_parse(const char *text, size_t len, struct key_public *ret,
                      struct err *e) must_check;
bool key_public_load(const char *path, struct key_public *ret, struct err *e) must_check;

bool key_verify(const struct key_public *key, const void *message, size_t len,
                const uint8_t signature[SIGNATURE_BYTES]) must_check;

struct key_secret;

struct key_secret *key_secret_new(void) must_check;
struct key_secret *key_secret_from_seed(const uint8_t seed[KEY_BYTES]) must_check;
void key_secret_free(struct key_secret *key);
DEFINE_AUTO(key_secret)

const struct key_public *key_secret_public(const struct key_secret *key);
void key_sign(const struct key_secret *key, const void *message, size_t len,
              uint8_t ret[SIGNATURE_BYTES]);

/* Writes PKCS#8 PEM with mode 0600; a file that is there already is ERR_CONFLICT. */
bool key_secret_save(const struct key_secret *key, const char *path, struct err *e) must_check;
/* Refuses a file that is not ours alone: see private_file.h. */
bool key_secret_load(const char *path, struct key_secret **ret, struct err *e) must_check;

#endif
