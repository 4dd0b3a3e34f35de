/* secret.c -- see secret.h. */
#include "authority/keys/secret.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/text.h"
#include "ipc/pack.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum {
    BLOB_VERSION = 1,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    BLOB_HEAD_BYTES = 1 + NONCE_BYTES,
};
static_assert(SECRET_SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
              "secret.h has libsodium's sizes");
static_assert(BLOB_HEAD_BYTES + SECRET_VALUE_BYTES_MAX + TAG_BYTES <= SECRET_BLOB_BYTES_MAX,
              "the largest value fits a blob");
static_assert(12 + TENANT_BYTES_MAX + SECRET_NAME_BYTES_MAX + SECRET_VALUE_BYTES_MAX +
                      crypto_box_SEALBYTES <=
                  SECRET_BOX_BYTES_MAX,
              "the largest value fits a box");

static bool check_names(const char *tenant, const char *name, struct err *e)
{
    return name_check_tenant(tenant, e) &&
           name_check_plain("a secret's name", name, SECRET_NAME_BYTES_MAX, e);
}

static void add_u32(struct locked *l, uint32_t value)
{
    locked_add(l, &value, sizeof value);
}

static void add_bytes(struct locked *l, const void *bytes, size_t len)
{
    add_u32(l, (uint32_t)len);
    locked_add(l, bytes, len);
}

/* What a box holds: tenant, name, value, each with its length. */
static struct locked *box_content(const char *tenant, const char *name, const void *value,
                                  size_t len)
{
    struct locked *content = locked_new(12 + strlen(tenant) + strlen(name) + len);

    add_bytes(content, tenant, strlen(tenant));
    add_bytes(content, name, strlen(name));
    add_bytes(content, value, len);
    return content;
}

bool secret_box(const uint8_t box_public[SECRET_BOX_KEY_BYTES], const char *tenant,
                const char *name, const void *value, size_t len, struct buf *b, struct err *e)
{
    auto_obj(locked) content = NULL;
    size_t box_bytes;

    if (!check_names(tenant, name, e))
        return false;
    if (len > SECRET_VALUE_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "a secret of %zu bytes, at most %d are taken", len,
                       SECRET_VALUE_BYTES_MAX);
    content = box_content(tenant, name, value, len);
    box_bytes = content->len + crypto_box_SEALBYTES;
    buf_reserve(b, box_bytes);
    if (crypto_box_seal((uint8_t *)b->data + b->len, content->data, content->len, box_public) != 0)
        return err_set(e, ERR_INVALID, "not a key that secrets can be boxed for");
    b->len += box_bytes;
    b->data[b->len] = '\0';
    return true;
}

void secret_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}

static bool field_is(struct unpack *u, const char *text)
{
    size_t len;
    const void *p = unpack_bytes(u, &len);

    return len == strlen(text) && memcmp(p, text, len) == 0;
}

/* Reads what box_content wrote. */
static bool content_value(const struct locked *content, const struct secret_name *name,
                          struct locked **ret, struct err *e)
{
    struct unpack u = unpack_of(content->data, content->len);
    auto_obj(locked) value = NULL;
    const void *bytes;
    size_t len;

    if (!field_is(&u, name->tenant) || !field_is(&u, name->name))
        return err_set(e, ERR_DENIED, "the secret was boxed for another tenant or name");
    bytes = unpack_bytes(&u, &len);
    if (!unpack_end(&u, e) || len > SECRET_VALUE_BYTES_MAX)
        return err_set(e, ERR_INVALID, "the box of secret '%s' is malformed", name->name);
    value = locked_new(len);
    locked_add(value, bytes, len);
    *ret = take(value);
    return true;
}

bool secret_unbox(const struct secret_box_keys *keys, const struct secret_name *name,
                  const void *box, size_t len, struct locked **ret, struct err *e)
{
    auto_obj(locked) content = NULL;

    if (!check_names(name->tenant, name->name, e))
        return false;
    if (len < crypto_box_SEALBYTES || len > SECRET_BOX_BYTES_MAX)
        return err_set(e, ERR_INVALID, "a boxed secret of %zu bytes", len);
    content = locked_new(len - crypto_box_SEALBYTES);
    if (crypto_box_seal_open(content->data, box, len, keys->public_key, keys->secret_key) != 0)
        return err_set(e, ERR_DENIED, "the secret is not boxed for this authority's key");
    content->len = content->cap;
    return content_value(content, name, ret, e);
}

/* Lengths first, so that no two names make the same bytes. */
static void associated_data(const struct secret_name *name, struct buf *b)
{
    pack_str(b, "orch secret blob");
    pack_u32(b, BLOB_VERSION);
    pack_str(b, name->tenant);
    pack_str(b, name->name);
    pack_u32(b, name->version);
}

void secret_seal(const uint8_t key[SECRET_SEAL_KEY_BYTES], const struct secret_name *name,
                 const struct locked *value, struct buf *b)
{
    auto_done(buf) bound = {0};
    uint8_t nonce[NONCE_BYTES];

    assert(value->len <= SECRET_VALUE_BYTES_MAX);
    associated_data(name, &bound);
    randombytes_buf(nonce, sizeof nonce);
    buf_addc(b, BLOB_VERSION);
    buf_add(b, nonce, sizeof nonce);
    buf_reserve(b, value->len + TAG_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt((uint8_t *)b->data + b->len, NULL, value->data,
                                               value->len, (const uint8_t *)bound.data, bound.len,
                                               NULL, nonce, key);
    b->len += value->len + TAG_BYTES;
    b->data[b->len] = '\0';
}

bool secret_open(const uint8_t key[SECRET_SEAL_KEY_BYTES], const struct secret_name *name,
                 const void *blob, size_t len, struct locked **ret, struct err *e)
{
    const uint8_t *bytes = blob;
    auto_done(buf) bound = {0};
    auto_obj(locked) value = NULL;

    if (len < BLOB_HEAD_BYTES + TAG_BYTES || len > SECRET_BLOB_BYTES_MAX)
        return err_set(e, ERR_CORRUPT, "the sealed secret '%s' has %zu bytes", name->name, len);
    if (bytes[0] != BLOB_VERSION)
        return err_set(e, ERR_UNSUPPORTED, "the sealed secret '%s' has format %u, this is for %d",
                       name->name, bytes[0], BLOB_VERSION);
    value = locked_new(len - BLOB_HEAD_BYTES - TAG_BYTES);
    associated_data(name, &bound);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(value->data, NULL, NULL, bytes + BLOB_HEAD_BYTES,
                                                   len - BLOB_HEAD_BYTES,
                                                   (const uint8_t *)bound.data, bound.len,
                                                   bytes + 1, key) != 0)
        return err_set(e, ERR_DENIED,
                       "the sealed secret does not open as '%s' version %u of tenant '%s'",
                       name->name, name->version, name->tenant);
    value->len = value->cap;
    *ret = take(value);
    return true;
}

void secret_record_add(struct locked *out, const char *name, const struct locked *value)
{
    add_bytes(out, name, strlen(name));
    add_bytes(out, value->data, value->len);
}

size_t secret_record_bytes(const char *name, size_t value_bytes)
{
    return 2 * sizeof(uint32_t) + strlen(name) + value_bytes;
}
