/* serve_trust.c -- reading and changing the trust store. See server.h. */
#include "authority/server/server.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#include <string.h>

/* What is on disk is what holds: an error leaves the store as it was. */
static bool reload(struct server *s, struct err *e)
{
    struct trust *fresh;

    if (!trust_load(s->trust_dir, &fresh, e))
        return false;
    trust_free(s->trust);
    s->trust = fresh;
    return true;
}

bool serve_trust_reload(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    (void)reply;
    if (!unpack_end(&r->body, e) || !reload(s, e))
        return false;
    log_event(LOG_INFO, "authority.trust_loaded", F_INT("keys", trust_count(s->trust)));
    return true;
}

bool serve_trust_list(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    auto_done(buf) text = {0};

    if (!unpack_end(&r->body, e))
        return false;
    buf_addc(&text, '[');
    for (size_t i = 0; i < trust_count(s->trust); i++) {
        const struct trust_entry *entry = trust_at(s->trust, i);
        auto_json shown = json_pack("{s:s}", "fingerprint", entry->fingerprint.text);

        json_object_update(shown, entry->json);
        if (i > 0)
            buf_addc(&text, ',');
        json_add_compact(&text, shown);
    }
    buf_addc(&text, ']');
    pack_bytes(reply, text.data, text.len);
    return true;
}

/* Writes what changed in memory; if that fails, goes back to what is on disk. */
static bool keep(struct server *s, const struct trust_entry *entry, struct err *e)
{
    struct err unused_arg lost = {0};

    if (trust_save(entry, s->trust_dir, e))
        return true;
    if (!reload(s, &lost))
        log_event(LOG_ERROR, "authority.trust_unreadable", F_ERR(&lost));
    return false;
}

bool serve_trust_add(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    const struct trust_entry *entry;
    size_t len;
    const void *text = unpack_bytes(&r->body, &len);

    (void)reply;
    if (!unpack_end(&r->body, e) || !trust_add(s->trust, text, len, &entry, e))
        return false;
    log_event(LOG_WARN, "authority.trust_added", F_STR("key", entry->fingerprint.text),
              F_STR("name", entry->name));
    return keep(s, entry, e);
}

bool serve_trust_revoke(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    char id[SHA256_HEX_BYTES], reason[1024];
    const struct trust_entry *entry;

    (void)reply;
    unpack_str(&r->body, id, sizeof id);
    unpack_str(&r->body, reason, sizeof reason);
    if (!unpack_end(&r->body, e) || !trust_revoke(s->trust, id, reason, clock_wall_us(), &entry, e))
        return false;
    log_event(LOG_WARN, "authority.key_revoked", F_STR("key", entry->fingerprint.text),
              F_STR("reason", reason));
    return keep(s, entry, e);
}
