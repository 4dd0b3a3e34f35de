/* requests.c -- one packer a request; the fields are protocol.h's. See wire.h. */
#include "authority/client/wire.h"

#include <assert.h>

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
        pack_bytes(&body, items[i].before.data, items[i].before.len);
        pack_bytes(&body, items[i].leaves.data, items[i].leaves.len);
    }
    return client_submit(client, MESSAGE_SIGN, &body, NULL, reply, e);
}

bool authority_store_bind(struct authority_client *client, const char *store_id, bool anew,
                          struct authority_reply reply, struct err *e)
{
    auto_done(buf) body = {0};

    pack_str(&body, store_id);
    pack_u32(&body, anew);
    return client_submit(client, MESSAGE_STORE_BIND, &body, NULL, reply, e);
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
