/* wire.c -- see wire.h; the fields are protocol.h's. */
#include "authority/client/wire.h"

#include <assert.h>
#include <string.h>

bool authority_verify_bundle(struct authority_client *client, const char *tenant,
                             const void *envelope, size_t len, const char *archive_sha256,
                             struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    pack_str(&body, tenant);
    pack_bytes(&body, envelope, len);
    pack_str(&body, archive_sha256);
    return client_submit(client, MESSAGE_VERIFY_BUNDLE, &body, NULL, reply, e);
}

bool authority_verify_dag(struct authority_client *client, const char *tenant, const void *envelope,
                          size_t len, struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    pack_str(&body, tenant);
    pack_bytes(&body, envelope, len);
    return client_submit(client, MESSAGE_VERIFY_DAG, &body, NULL, reply, e);
}

bool authority_sign(struct authority_client *client, const struct authority_sign_item *items,
                    unsigned count, struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    assert(count >= 1 && count <= AUTHORITY_SIGN_MAX);
    pack_u32(&body, count);
    for (unsigned i = 0; i < count; i++) {
        pack_u32(&body, items[i].purpose);
        pack_str(&body, items[i].type);
        pack_bytes(&body, items[i].payload, items[i].len);
    }
    return client_submit(client, MESSAGE_SIGN, &body, NULL, reply, e);
}

bool authority_token_mint(struct authority_client *client, const struct token_request *request,
                          struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    pack_str(&body, request->subject);
    pack_str(&body, request->tenant);
    pack_u32(&body, request->scopes);
    pack_u64(&body, (uint64_t)request->ttl_s);
    reasons_pack(&body, request->why);
    return client_submit(client, MESSAGE_TOKEN_MINT, &body, NULL, reply, e);
}

bool authority_token_verify(struct authority_client *client, const char *token, size_t len,
                            struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    pack_bytes(&body, token, len);
    return client_submit(client, MESSAGE_TOKEN_VERIFY, &body, NULL, reply, e);
}

bool authority_token_revoke(struct authority_client *client, const char *token_id,
                            int64_t expires_s, struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    pack_str(&body, token_id);
    pack_u64(&body, (uint64_t)expires_s);
    return client_submit(client, MESSAGE_TOKEN_REVOKE, &body, NULL, reply, e);
}

bool authority_secret_seal(struct authority_client *client, const struct secret_name *name,
                           const void *box, size_t len, struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    pack_str(&body, name->tenant);
    pack_str(&body, name->name);
    pack_u32(&body, name->version);
    pack_bytes(&body, box, len);
    return client_submit(client, MESSAGE_SECRET_SEAL, &body, NULL, reply, e);
}

bool authority_secret_unseal(struct authority_client *client, const char *tenant,
                             const struct authority_secret_ref *refs, unsigned count, int *pipe_fd,
                             struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    pack_str(&body, tenant);
    pack_u32(&body, count);
    for (unsigned i = 0; i < count; i++) {
        pack_str(&body, refs[i].env_name);
        pack_str(&body, refs[i].name);
        pack_u32(&body, refs[i].version);
        pack_bytes(&body, refs[i].blob, refs[i].len);
    }
    return client_submit(client, MESSAGE_SECRET_UNSEAL, &body, pipe_fd, reply, e);
}

static bool submit_bare(struct authority_client *client, enum authority_message type,
                        struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    return client_submit(client, type, &body, NULL, reply, e);
}

bool authority_public_keys(struct authority_client *client, struct authority_reply reply,
                           struct err *e)
{
    return submit_bare(client, MESSAGE_PUBLIC_KEYS, reply, e);
}

bool authority_trust_reload(struct authority_client *client, struct authority_reply reply,
                            struct err *e)
{
    return submit_bare(client, MESSAGE_TRUST_RELOAD, reply, e);
}

bool authority_trust_list(struct authority_client *client, struct authority_reply reply,
                          struct err *e)
{
    return submit_bare(client, MESSAGE_TRUST_LIST, reply, e);
}

bool authority_trust_add(struct authority_client *client, const char *entry, size_t len,
                         struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    pack_bytes(&body, entry, len);
    return client_submit(client, MESSAGE_TRUST_ADD, &body, NULL, reply, e);
}

bool authority_trust_revoke(struct authority_client *client, const char *key_id, const char *reason,
                            struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    pack_str(&body, key_id);
    pack_str(&body, reason);
    return client_submit(client, MESSAGE_TRUST_REVOKE, &body, NULL, reply, e);
}

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
    unpack_str(u, ret->verified.key_id, sizeof ret->verified.key_id);
    unpack_str(u, ret->verified.signer, sizeof ret->verified.signer);
    ret->verified.payload = read_bytes(u);
}

static void read_signatures(struct unpack *u, struct authority_result *ret)
{
    while (!u->failed && u->left > 0 && ret->signatures.count < AUTHORITY_SIGN_MAX)
        ret->signatures.envelopes[ret->signatures.count++] = read_bytes(u);
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
    [MESSAGE_SIGN] = read_signatures,        [MESSAGE_TOKEN_MINT] = read_minted,
    [MESSAGE_TOKEN_VERIFY] = read_claims,    [MESSAGE_TOKEN_REVOKE] = read_nothing,
    [MESSAGE_SECRET_SEAL] = read_blob,       [MESSAGE_SECRET_UNSEAL] = read_nothing,
    [MESSAGE_PUBLIC_KEYS] = read_keys,       [MESSAGE_TRUST_RELOAD] = read_nothing,
    [MESSAGE_TRUST_LIST] = read_trust,       [MESSAGE_TRUST_ADD] = read_nothing,
    [MESSAGE_TRUST_REVOKE] = read_nothing,
};

bool client_read(enum authority_message type, struct unpack *u, struct authority_result *ret,
                 struct err *e)
{
    assert(type > MESSAGE_INVALID && type < MESSAGE_COUNT);
    readers[type](u, ret);
    return unpack_end(u, e);
}
