/* binding.c -- see binding.h. */
#include "daemon/binding.h"

#include "authority/client/client.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"
#include "daemon/host.h"
#include "engine/evidence/remembered.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ANSWER_MS = 10000 };

bool binding_home(const char *home, struct err *e)
{
    struct stat st;

    if (!dir_make(home, 0700, e))
        return false;
    if (stat(home, &st) < 0)
        return err_sys(e, "home '%s'", home);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return err_set(e, ERR_DENIED, "home '%s' belongs to user %u, who may write it", home,
                       (unsigned)st.st_uid);
    return (st.st_mode & 022) == 0 ||
           err_set(e, ERR_DENIED, "home '%s' has mode %03o: others may write it (chmod go-w)", home,
                   (unsigned)(st.st_mode & 0777));
}

enum store_create binding_create(const struct host *host)
{
    auto_mem char *marker = mem_printf("%s/authority/store", host->home);

    if (config_bool(host->config, CONFIG_INIT))
        return STORE_CREATE_ANEW;
    return access(marker, F_OK) == 0 ? STORE_CREATE_NEVER : STORE_CREATE_NEW;
}

/* ---- whose store it is ---- */

static const char *host_key(const struct host *host)
{
    return strrchr(host->builder_id, '/') + 1;
}

static bool put_identity(struct host *host, const char *id, struct err *e)
{
    auto_obj(store_batch) batch = store_batch_new();
    struct fingerprint key;

    store_batch_identity_put(batch, &(struct store_identity){
                                        .store_id = id,
                                        .host_key = host_key(host),
                                        .bound_us = clock_wall_us(),
                                    });
    log_event(LOG_INFO, "store.bound", F_STR("store", id),
              F_STR("host_key", text_fingerprint_of(host_key(host), &key)));
    return store_commit_wait(host->store, &batch, NULL, e);
}

static bool identity_of(struct host *host, char id[UUID_TEXT_BYTES], struct err *e)
{
    auto_done(store_identity_list) rows = {0};
    struct fingerprint bound, own;

    if (!store_read_identity(host->reader, &rows, e))
        return false;
    if (rows.count == 0) {
        uuid7(clock_wall_us(), id);
        return put_identity(host, id, e);
    }
    if (strcmp(rows.rows[0].host_key, host_key(host)) != 0)
        return err_set(
            e, ERR_DENIED,
            "the store belongs to the host key %s, but the root key of this home gives %s: copy "
            "root.key of a home of this store here (mode 0600), or give it as the credential "
            "orch-root-key",
            text_fingerprint_of(rows.rows[0].host_key, &bound),
            text_fingerprint_of(host_key(host), &own));
    return text_copy(id, UUID_TEXT_BYTES, rows.rows[0].store_id) ||
           err_set(e, ERR_CORRUPT, "the store's id does not fit");
}

/* ---- what the authority remembers ---- */

struct bound {
    struct err e;
    char *heads;
};

static void take_heads(void *arg, const struct authority_result *result, const struct err *e)
{
    struct bound *bound = arg;

    if (e != NULL)
        bound->e = *e;
    else
        bound->heads = mem_strn(result->heads.data, result->heads.len);
}

static bool bind_store(struct host *host, const char *id, bool anew, char **ret_heads,
                       struct err *e)
{
    struct bound bound = {0};

    if (!authority_store_bind(host->authority, id, anew,
                              (struct authority_reply){take_heads, &bound}, e) ||
        !authority_client_wait(host->authority, ANSWER_MS, e))
        return false;
    if (bound.e.code != ERR_NONE) {
        *e = bound.e;
        return false;
    }
    *ret_heads = bound.heads;
    return true;
}

static bool held_against(struct host *host, const char *id, struct err *e)
{
    auto_mem char *heads = NULL;

    return bind_store(host, id, false, &heads, e) && remembered_check(host->reader, heads, e);
}

bool binding_check(struct host *host, struct err *e)
{
    auto_mem char *none = NULL;
    char id[UUID_TEXT_BYTES];
    struct err why = {0};

    if (!identity_of(host, id, e))
        return err_wrap(e, "store");
    if (held_against(host, id, &why))
        return true;
    if (!config_bool(host->config, CONFIG_INIT) ||
        (why.code != ERR_CONFLICT && why.code != ERR_CORRUPT))
        return err_set(e, why.code, "store: %s (put the right one back; --init takes this one)",
                       why.msg);
    log_event(LOG_WARN, "store.taken_as_it_is", F_STR("store", id), F_ERR(&why));
    return bind_store(host, id, true, &none, e);
}
