/* replies.c -- one reader a reply; the fields are protocol.h's. See wire.h. */
#include "authority/client/wire.h"

#include <assert.h>
#include <string.h>

static struct authority_bytes read_bytes(struct unpack *u)
{
    struct authority_bytes bytes;

    bytes.data = unpack_bytes(u, &bytes.len);
    return bytes;
}

static void read_exact(struct unpack *u, uint8_t *out, size_t len)
{
    struct authority_bytes bytes = read_bytes(u);

    if (bytes.len != len)
        u->failed = true;
    else
        memcpy(out, bytes.data, len);
}

static void read_verified(struct unpack *u, struct authority_result *ret)
{
    unpack_str(u, ret->verified.key, sizeof ret->verified.key);
    unpack_str(u, ret->verified.signer, sizeof ret->verified.signer);
    ret->verified.payload = read_bytes(u);
    ret->verified.tenants = read_bytes(u);
    ret->verified.warm = unpack_u32(u) != 0;
}

static void read_signatures(struct unpack *u, struct authority_result *ret)
{
    while (!u->failed && u->left > 0 && ret->signatures.count < AUTHORITY_SIGN_MAX)
        ret->signatures.envelopes[ret->signatures.count++] = read_bytes(u);
}

static void read_heads(struct unpack *u, struct authority_result *ret)
{
    ret->heads = read_bytes(u);
}

static void read_minted(struct unpack *u, struct authority_result *ret)
{
    ret->token = read_bytes(u);
    claims_unpack(u, &ret->claims);
}

static void read_claims(struct unpack *u, struct authority_result *ret)
{
    claims_unpack(u, &ret->claims);
}

static void read_blob(struct unpack *u, struct authority_result *ret)
{
    ret->blob = read_bytes(u);
}

static void read_keys(struct unpack *u, struct authority_result *ret)
{
    read_exact(u, ret->keys.host.bytes, KEY_BYTES);
    read_exact(u, ret->keys.publisher.bytes, KEY_BYTES);
    read_exact(u, ret->keys.token.bytes, KEY_BYTES);
    read_exact(u, ret->keys.box, SECRET_BOX_KEY_BYTES);
    ret->keys.jwks = read_bytes(u);
}

static void read_trust(struct unpack *u, struct authority_result *ret)
{
    ret->trust = read_bytes(u);
}

static void read_nothing(struct unpack *u, struct authority_result *ret)
{
    (void)u;
    (void)ret;
}

static void (*const readers[MESSAGE_COUNT])(struct unpack *u, struct authority_result *ret) = {
    [MESSAGE_VERIFY_BUNDLE] = read_verified, [MESSAGE_VERIFY_DAG] = read_verified,
    [MESSAGE_SIGN] = read_signatures,        [MESSAGE_STORE_BIND] = read_heads,
    [MESSAGE_TOKEN_MINT] = read_minted,      [MESSAGE_TOKEN_VERIFY] = read_claims,
    [MESSAGE_TOKEN_REVOKE] = read_nothing,   [MESSAGE_SECRET_SEAL] = read_blob,
    [MESSAGE_SECRET_UNSEAL] = read_nothing,  [MESSAGE_PUBLIC_KEYS] = read_keys,
    [MESSAGE_TRUST_RELOAD] = read_nothing,   [MESSAGE_TRUST_LIST] = read_trust,
    [MESSAGE_TRUST_ADD] = read_nothing,      [MESSAGE_TRUST_REVOKE] = read_nothing,
};

bool client_read(enum authority_message type, struct unpack *u, struct authority_result *ret,
                 struct err *e)
{
    assert(type > MESSAGE_INVALID && type < MESSAGE_COUNT);
    readers[type](u, ret);
    return unpack_end(u, e);
}
