/* serve_sign.c -- what the authority signs and whose signatures it accepts. See server.h. */
#include "authority/server/server.h"

#include "authority/wire/purpose.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/text.h"

#include <string.h>

/* What each purpose signs, and with which key: nothing else can be signed. */
static const struct purpose {
    const char *name;
    const char *type;
    enum keyring_use key;
} purposes[PURPOSE_COUNT] = {
    [PURPOSE_BUNDLE] = {"bundle", DSSE_TYPE_BUNDLE, KEYRING_PUBLISHER},
    [PURPOSE_DAG] = {"dag", DSSE_TYPE_DAG, KEYRING_PUBLISHER},
    [PURPOSE_PROVENANCE] = {"provenance", DSSE_TYPE_PROVENANCE, KEYRING_HOST},
    [PURPOSE_LEDGER_HEAD] = {"ledger_head", DSSE_TYPE_LEDGER_HEAD, KEYRING_HOST},
};

static void reply_verified(const struct trust_entry *by, const struct dsse_envelope *envelope,
                           struct buf *reply)
{
    const json_t *listed = json_object_get(by->json, "tenants");
    auto_json none = json_array();
    auto_done(buf) tenants = {0};

    pack_str(reply, by->fingerprint.text);
    pack_str(reply, by->name);
    pack_bytes(reply, envelope->payload.data, envelope->payload.len);
    json_add_compact(&tenants, listed != NULL ? listed : none);
    pack_bytes(reply, tenants.data, tenants.len);
    pack_u32(reply, trust_lists(by, "isolation", TRUST_WARM));
}

bool serve_verify_bundle(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    char tenant[TENANT_BYTES_MAX + 1], archive[SHA256_HEX_BYTES];
    auto_obj(dsse_envelope) envelope = NULL;
    const struct trust_entry *by;
    const void *text;
    size_t len;

    unpack_str(&r->body, tenant, sizeof tenant);
    text = unpack_bytes(&r->body, &len);
    unpack_str(&r->body, archive, sizeof archive);
    if (!unpack_end(&r->body, e) || (tenant[0] != '\0' && !name_check_tenant(tenant, e)))
        return false;
    if (!text_is_sha256(archive))
        return err_set(e, ERR_INVALID, "the archive's hash is not SHA-256 in lower hex");
    if (!trust_verify_bundle(s->trust,
                             &(struct trust_bundle){tenant[0] != '\0' ? tenant : NULL, text, len,
                                                    archive},
                             &envelope, &by, e))
        return false;
    log_event(LOG_INFO, "authority.bundle_verified", F_STR("tenant", tenant),
              F_STR("key", by->fingerprint.text), F_STR("archive", archive));
    reply_verified(by, envelope, reply);
    return true;
}

bool serve_verify_dag(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    char tenant[TENANT_BYTES_MAX + 1];
    const struct trust_ask ask = {TRUST_DAG, DSSE_TYPE_DAG, tenant};
    auto_obj(dsse_envelope) envelope = NULL;
    const struct trust_entry *by;
    const void *text;
    size_t len;

    unpack_str(&r->body, tenant, sizeof tenant);
    text = unpack_bytes(&r->body, &len);
    if (!unpack_end(&r->body, e) || !name_check_tenant(tenant, e) ||
        !dsse_parse(text, len, &envelope, e) || !trust_verify(s->trust, envelope, &ask, &by, e))
        return false;
    log_event(LOG_INFO, "authority.dag_verified", F_STR("tenant", tenant),
              F_STR("key", by->fingerprint.text));
    reply_verified(by, envelope, reply);
    return true;
}

/* One payload to sign, as the request has it. */
struct item {
    const struct purpose *purpose;
    const void *payload;
    size_t len;
    struct history_ask history; /* of a ledger head */
};

static bool item_read(struct unpack *u, struct item *ret, struct err *e)
{
    char type[DSSE_TYPE_BYTES_MAX + 1];
    uint32_t purpose = unpack_u32(u);

    unpack_str(u, type, sizeof type);
    ret->payload = unpack_bytes(u, &ret->len);
    ret->history = (struct history_ask){.payload = ret->payload, .len = ret->len};
    ret->history.before = unpack_bytes(u, &ret->history.before_len);
    ret->history.leaves = unpack_bytes(u, &ret->history.leaves_len);
    if (u->failed)
        return err_set(e, ERR_CORRUPT, "message cut short");
    if (purpose == PURPOSE_INVALID || purpose >= PURPOSE_COUNT)
        return err_set(e, ERR_INVALID, "no purpose %u to sign for", purpose);
    ret->purpose = &purposes[purpose];
    if (strcmp(type, ret->purpose->type) != 0)
        return err_set(e, ERR_DENIED,
                       "for purpose %s only payloads of type '%s' are signed, not "
                       "'%s'",
                       ret->purpose->name, ret->purpose->type, type);
    if (purpose != PURPOSE_LEDGER_HEAD && ret->history.before_len + ret->history.leaves_len > 0)
        return err_set(e, ERR_INVALID, "purpose %s has no history", ret->purpose->name);
    if (ret->len > DSSE_PAYLOAD_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "a payload of %zu bytes to sign", ret->len);
    return true;
}

static void item_sign(const struct server *s, const struct item *item, struct buf *reply)
{
    const struct key_secret *key = keyring_key(s->keyring, item->purpose->key);
    auto_done(buf) envelope = {0};

    log_event(LOG_INFO, "authority.signed", F_STR("purpose", item->purpose->name),
              F_INT("bytes", item->len),
              F_STR("payload_sha256", sha256_hex(item->payload, item->len).text));
    dsse_sign(item->purpose->type, item->payload, item->len, &key, 1, &envelope);
    pack_bytes(reply, envelope.data, envelope.len);
}

/* The heads among the items go on from what was signed before, and are remembered: from here on
 * they count as signed. */
static bool keep_heads(struct server *s, const struct item *items, uint32_t count, struct err *e)
{
    auto_mem struct ledger_head *heads = mem_array(count, struct ledger_head);
    size_t head_count = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (items[i].purpose != &purposes[PURPOSE_LEDGER_HEAD])
            continue;
        if (!history_check(s->history, &items[i].history, &heads[head_count++], e))
            return false;
    }
    return head_count == 0 || history_keep(s->history, heads, head_count, e);
}

/* Nothing is signed before everything of the request is known to be signable. */
bool serve_sign(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    struct item items[AUTHORITY_SIGN_MAX];
    uint32_t count = unpack_u32(&r->body);

    if (count < 1 || count > AUTHORITY_SIGN_MAX)
        return err_set(e, ERR_INVALID, "%u payloads to sign, 1 to %d are taken", count,
                       AUTHORITY_SIGN_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (!item_read(&r->body, &items[i], e))
            return false;
    }
    if (!unpack_end(&r->body, e) || !keep_heads(s, items, count, e))
        return false;
    for (uint32_t i = 0; i < count; i++)
        item_sign(s, &items[i], reply);
    return true;
}

bool serve_public_keys(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    static const enum keyring_use order[] = {KEYRING_HOST, KEYRING_PUBLISHER, KEYRING_TOKEN};
    auto_done(buf) jwks = {0};

    if (!unpack_end(&r->body, e))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        pack_bytes(reply, key_secret_public(keyring_key(s->keyring, order[i]))->bytes, KEY_BYTES);
    pack_bytes(reply, keyring_box(s->keyring).public_key, SECRET_BOX_KEY_BYTES);
    token_jwks(key_secret_public(keyring_key(s->keyring, KEYRING_TOKEN)), &jwks);
    pack_bytes(reply, jwks.data, jwks.len);
    return true;
}
