/* serve_secret.c -- secrets in and out. Plaintext is here in locked memory and in the attempt's
 * pipe, and nowhere else. See server.h. */
#include "authority/server/server.h"

#include "base/clock.h"
#include "base/log.h"

#include <string.h>

bool serve_secret_seal(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    char tenant[TENANT_BYTES_MAX + 1], name[SECRET_NAME_BYTES_MAX + 1];
    struct secret_name bound = {.tenant = tenant, .name = name};
    const struct secret_box_keys keys = keyring_box(s->keyring);
    auto_obj(locked) value = NULL;
    auto_done(buf) blob = {0};
    const void *box;
    size_t len;

    unpack_str(&r->body, tenant, sizeof tenant);
    unpack_str(&r->body, name, sizeof name);
    bound.version = unpack_u32(&r->body);
    box = unpack_bytes(&r->body, &len);
    if (!unpack_end(&r->body, e) || !secret_unbox(&keys, &bound, box, len, &value, e))
        return false;
    secret_seal(keyring_sealing(s->keyring), &bound, value, &blob);
    log_event(LOG_INFO, "authority.secret_sealed", F_STR("tenant", tenant), F_STR("name", name),
              F_INT("version", bound.version));
    pack_bytes(reply, blob.data, blob.len);
    return true;
}

/* One secret that an attempt is to have. */
struct wanted {
    char env_name[SECRET_NAME_BYTES_MAX + 1];
    char name[SECRET_NAME_BYTES_MAX + 1];
    uint32_t version;
    const void *blob;
    size_t len;
};

static bool wanted_read(struct unpack *u, struct wanted *ret, struct err *e)
{
    unpack_str(u, ret->env_name, sizeof ret->env_name);
    unpack_str(u, ret->name, sizeof ret->name);
    ret->version = unpack_u32(u);
    ret->blob = unpack_bytes(u, &ret->len);
    if (u->failed)
        return err_set(e, ERR_CORRUPT, "message cut short");
    if (ret->env_name[0] == '\0')
        return err_set(e, ERR_INVALID, "a secret without a name for the node");
    return true;
}

static bool open_into(const struct server *s, const char *tenant, const struct wanted *wanted,
                      struct locked *out, struct err *e)
{
    const struct secret_name bound = {tenant, wanted->name, wanted->version};
    auto_obj(locked) value = NULL;

    if (!secret_open(keyring_sealing(s->keyring), &bound, wanted->blob, wanted->len, &value, e))
        return false;
    secret_record_add(out, wanted->env_name, value);
    return true;
}

/* Room for all records: a value is never longer than its blob. */
static size_t records_bytes(const struct wanted *wanted, uint32_t count)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < count; i++)
        bytes += secret_record_bytes(wanted[i].env_name, wanted[i].len);
    return bytes;
}

static bool read_request(struct request *r, char *tenant, size_t tenant_bytes,
                         struct wanted *wanted, uint32_t *ret_count, struct err *e)
{
    uint32_t count;

    unpack_str(&r->body, tenant, tenant_bytes);
    count = unpack_u32(&r->body);
    if (count < 1 || count > SECRETS_PER_ATTEMPT_MAX)
        return err_set(e, ERR_INVALID, "%u secrets for one attempt, 1 to %d are given", count,
                       SECRETS_PER_ATTEMPT_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (!wanted_read(&r->body, &wanted[i], e))
            return false;
    }
    *ret_count = count;
    return unpack_end(&r->body, e);
}

/* All or nothing goes into the pipe. The reply follows when the pipe has it (server.c). */
bool serve_secret_unseal(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    char tenant[TENANT_BYTES_MAX + 1];
    struct wanted wanted[SECRETS_PER_ATTEMPT_MAX];
    auto_obj(locked) records = NULL;
    uint32_t count = 0;

    (void)reply;
    if (!read_request(r, tenant, sizeof tenant, wanted, &count, e))
        return false;
    records = locked_new(records_bytes(wanted, count));
    for (uint32_t i = 0; i < count; i++) {
        if (!open_into(s, tenant, &wanted[i], records, e))
            return false;
    }
    if (!pours_add(&s->pours, r->id, r->fd, &records, clock_mono_ns(), e))
        return false;
    r->deferred = true;
    log_event(LOG_DEBUG, "authority.secrets_unsealed", F_STR("tenant", tenant),
              F_INT("count", count));
    return true;
}
