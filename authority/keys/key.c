/* key.c -- see key.h. */
#include "authority/keys/key.h"

#include "authority/keys/locked.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static_assert(KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "key.h has libsodium's sizes");
static_assert(KEY_BYTES == crypto_sign_SEEDBYTES, "key.h has libsodium's sizes");
static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "key.h has libsodium's sizes");

/* RFC 8410 sections 4 and 7: all but the last 32 bytes of either DER is fixed. */
enum { SPKI_PREFIX_BYTES = 12, PKCS8_PREFIX_BYTES = 16, DER_BYTES_MAX = 48 };
static const uint8_t spki_prefix[SPKI_PREFIX_BYTES] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
};
static const uint8_t pkcs8_prefix[PKCS8_PREFIX_BYTES] = {
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
};

struct pem_kind {
    const char *begin, *end;
    const uint8_t *prefix;
    size_t prefix_bytes;
};
static const struct pem_kind pem_public = {
    "-----BEGIN PUBLIC KEY-----",
    "-----END PUBLIC KEY-----",
    spki_prefix,
    sizeof spki_prefix,
};
static const struct pem_kind pem_secret = {
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    pkcs8_prefix,
    sizeof pkcs8_prefix,
};

/* All in sodium_malloc memory. */
struct key_secret {
    uint8_t bytes[crypto_sign_SECRETKEYBYTES];
    struct key_public public_key;
};

static void spki_digest(const struct key_public *key, uint8_t ret[SHA256_BYTES])
{
    uint8_t der[SPKI_PREFIX_BYTES + KEY_BYTES];

    memcpy(der, spki_prefix, SPKI_PREFIX_BYTES);
    memcpy(der + SPKI_PREFIX_BYTES, key->bytes, KEY_BYTES);
    sha256(der, sizeof der, ret);
}

struct sha256_hex key_id(const struct key_public *key)
{
    struct sha256_hex id;
    uint8_t digest[SHA256_BYTES];

    spki_digest(key, digest);
    text_hex(digest, sizeof digest, id.text);
    return id;
}

struct fingerprint key_fingerprint(const struct key_public *key)
{
    uint8_t digest[SHA256_BYTES];

    spki_digest(key, digest);
    return text_fingerprint(digest);
}

/* The constant-time codec of libsodium, straight between locked memory and text: out has room for
 * KEY_PEM_BYTES_MAX. */
static size_t pem_write(const struct pem_kind *kind, const uint8_t key[KEY_BYTES], char *out)
{
    uint8_t der[DER_BYTES_MAX];
    char base64[sodium_base64_ENCODED_LEN(DER_BYTES_MAX, sodium_base64_VARIANT_ORIGINAL)];
    int len;

    memcpy(der, kind->prefix, kind->prefix_bytes);
    memcpy(der + kind->prefix_bytes, key, KEY_BYTES);
    sodium_bin2base64(base64, sizeof base64, der, kind->prefix_bytes + KEY_BYTES,
                      sodium_base64_VARIANT_ORIGINAL);
    len = snprintf(out, KEY_PEM_BYTES_MAX, "%s\n%s\n%s\n", kind->begin, base64, kind->end);
    sodium_memzero(der, sizeof der);
    sodium_memzero(base64, sizeof base64);
    return (size_t)len;
}

/* The base64 between the two lines, or NULL. */
static const char *pem_body(const struct pem_kind *kind, const char *text, size_t len,
                            size_t *ret_len)
{
    size_t begin_len = strlen(kind->begin), end_len = strlen(kind->end);
    const char *end;

    if (len < begin_len || memcmp(text, kind->begin, begin_len) != 0)
        return NULL;
    end = memmem(text, len, kind->end, end_len);
    if (end == NULL)
        return NULL;
    for (const char *rest = end + end_len; rest < text + len; rest++) {
        if (*rest != '\n' && *rest != '\r')
            return NULL;
    }
    *ret_len = (size_t)(end - text) - begin_len;
    return text + begin_len;
}

static bool pem_read(const struct pem_kind *kind, const char *text, size_t len,
                     uint8_t ret[KEY_BYTES], struct err *e)
{
    uint8_t der[DER_BYTES_MAX];
    size_t body_len, der_len = 0;
    const char *body = pem_body(kind, text, len, &body_len);
    bool good;

    if (body == NULL)
        return err_set(e, ERR_INVALID, "not PEM between '%s' and '%s'", kind->begin, kind->end);
    good = sodium_base642bin(der, sizeof der, body, body_len, "\r\n", &der_len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           der_len == kind->prefix_bytes + KEY_BYTES &&
           memcmp(der, kind->prefix, kind->prefix_bytes) == 0;
    if (good)
        memcpy(ret, der + kind->prefix_bytes, KEY_BYTES);
    sodium_memzero(der, sizeof der);
    return good || err_set(e, ERR_INVALID, "not an Ed25519 key (RFC 8410)");
}

void key_public_pem(const struct key_public *key, struct buf *b)
{
    char text[KEY_PEM_BYTES_MAX];

    buf_add(b, text, pem_write(&pem_public, key->bytes, text));
}

bool key_public_parse(const char *text, size_t len, struct key_public *ret, struct err *e)
{
    struct key_public key;
    size_t key_len = 0;

    if (len > KEY_PEM_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "a public key of %zu bytes", len);
    if (len > 0 && text[0] == '-') {
        if (!pem_read(&pem_public, text, len, key.bytes, e))
            return false;
    } else if (sodium_base642bin(key.bytes, KEY_BYTES, text, len, "\r\n", &key_len, NULL,
                                 sodium_base64_VARIANT_ORIGINAL) != 0 ||
               key_len != KEY_BYTES) {
        return err_set(e, ERR_INVALID, "a public key is SPKI PEM or base64 of 32 bytes");
    }
    *ret = key;
    return true;
}

bool key_public_load(const char *path, struct key_public *ret, struct err *e)
{
    auto_done(buf) text = {0};

    if (!file_read(path, KEY_PEM_BYTES_MAX, &text, e))
        return false;
    return key_public_parse(buf_text(&text), text.len, ret, e) || err_wrap(e, "'%s'", path);
}

bool key_verify(const struct key_public *key, const void *message, size_t len,
                const uint8_t signature[SIGNATURE_BYTES])
{
    return crypto_sign_verify_detached(signature, message, len, key->bytes) == 0;
}

static struct key_secret *secret_alloc(void)
{
    int ready = sodium_init();
    struct key_secret *key = ready >= 0 ? sodium_malloc(sizeof *key) : NULL;

    assert(key != NULL);
    return key;
}

struct key_secret *key_secret_new(void)
{
    struct key_secret *key = secret_alloc();

    crypto_sign_keypair(key->public_key.bytes, key->bytes);
    sodium_mprotect_readonly(key);
    return key;
}

struct key_secret *key_secret_from_seed(const uint8_t seed[KEY_BYTES])
{
    struct key_secret *key = secret_alloc();

    crypto_sign_seed_keypair(key->public_key.bytes, key->bytes, seed);
    sodium_mprotect_readonly(key);
    return key;
}

void key_secret_free(struct key_secret *key)
{
    sodium_free(key);
}

const struct key_public *key_secret_public(const struct key_secret *key)
{
    return &key->public_key;
}

void key_sign(const struct key_secret *key, const void *message, size_t len,
              uint8_t ret[SIGNATURE_BYTES])
{
    crypto_sign_detached(ret, NULL, message, len, key->bytes);
}

bool key_secret_save(const struct key_secret *key, const char *path, struct err *e)
{
    auto_obj(locked) pem = locked_new(KEY_PEM_BYTES_MAX);

    /* libsodium's secret key is the seed followed by the public key. */
    pem->len = pem_write(&pem_secret, key->bytes, (char *)pem->data);
    return locked_write_file(path, pem->data, pem->len, e);
}

bool key_secret_load(const char *path, struct key_secret **ret, struct err *e)
{
    auto_obj(locked) pem = NULL;
    auto_obj(locked) seed = locked_new(KEY_BYTES);

    if (!locked_read_file(path, KEY_PEM_BYTES_MAX, &pem, e))
        return false;
    if (!pem_read(&pem_secret, (const char *)pem->data, pem->len, seed->data, e))
        return err_wrap(e, "'%s'", path);
    *ret = key_secret_from_seed(seed->data);
    return true;
}
