/* revoke.c -- see revoke.h. */
#include "daemon/revoke.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"
#include "daemon/host.h"
#include "engine/env/audit.h"

#include <string.h>

/* A row has microseconds. */
#define EXPIRES_S_MAX (INT64_MAX / 1000000 - REVOKED_KEPT_S)

struct revoking {
    struct host *host;
    struct actor *by;
    char token_id[UUID_TEXT_BYTES];
    int64_t expires_s;
    api_done_fn done;
    void *done_arg;
};

static void answer(struct revoking *r, const struct err *e)
{
    r->done(r->done_arg, &(struct api_outcome){.e = e});
    actor_free(r->by);
    free(r);
}

static void stored(void *arg, const struct store_done *result)
{
    struct revoking *r = arg;

    audit_committed(&r->host->env, result);
    answer(r, result->err);
}

static void store(struct revoking *r)
{
    const struct api_actor *who = &r->by->who;
    const struct engine_env *env = &r->host->env;
    struct store_batch *batch = store_batch_new();
    struct err e = {0};

    store_batch_token_revoke(batch, &(struct store_revoked_token){
                                        .token_id = r->token_id,
                                        .tenant = who->tenant,
                                        .reason = who->reason,
                                        .revoked_us = env->clock.wall_us(),
                                        .expires_us = (r->expires_s + REVOKED_KEPT_S) * 1000000,
                                    });
    audit_append(env, batch, who, "audit.token_revoked",
                 json_pack("{s:s}", "token_id", r->token_id));
    if (store_submit_take(env->store, &batch, stored, r, &e))
        return;
    store_batch_free(batch);
    stored(r, &(struct store_done){.err = &e});
}

static void listed(void *arg, const struct authority_result *result unused_arg, const struct err *e)
{
    struct revoking *r = arg;
    const struct api_actor *who = &r->by->who;

    if (e != NULL) {
        answer(r, e);
        return;
    }
    log_event(LOG_INFO, "token.revoked", F_STR("token_id", r->token_id),
              F_STR("tenant", who->tenant), F_STR("subject", who->subject));
    api_token_revoked(r->host->api, r->token_id);
    store(r);
}

/* The entry that was written when a host first saw the token (service.c): so a tenant takes back
 * its own tokens only, and the list grows by tokens only. */
static bool read_entry(struct host *host, const char *tenant, struct revoking *ret, struct err *e)
{
    auto_done(store_event_list) rows = {0};
    auto_json entry = NULL;

    if (!store_read_last_event(host->reader, tenant, ret->token_id, &rows, e))
        return false;
    if (rows.count == 0 || strcmp(rows.rows[0].type, "audit.token_minted") != 0)
        return err_set(e, ERR_NOT_FOUND, "no token '%s' of this tenant was used here",
                       ret->token_id);
    entry = json_loads(rows.rows[0].payload, 0, NULL);
    return json_get_int(entry, "expires_s", 0, 0, EXPIRES_S_MAX, &ret->expires_s, e);
}

/* A first use of a moment ago is durable by now. */
static void settled(void *arg, const struct store_done *result)
{
    struct revoking *r = arg;
    struct err e = {0};

    if (result->err != NULL) {
        answer(r, result->err);
        return;
    }
    if (!read_entry(r->host, r->by->who.tenant, r, &e) ||
        !authority_token_revoke(r->host->authority, r->token_id, r->expires_s,
                                (struct authority_reply){listed, r}, &e))
        answer(r, &e);
}

/* Goes on once what was submitted before has ended. */
static void settle(struct revoking *r)
{
    struct store_batch *nothing = store_batch_new();
    struct err e = {0};

    if (store_submit_take(r->host->env.store, &nothing, settled, r, &e))
        return;
    store_batch_free(nothing);
    answer(r, &e);
}

void revoke_token(struct host *host, const struct api_actor *who, const char *token_id,
                  api_done_fn done, void *done_arg)
{
    struct revoking *r = mem_new(struct revoking);
    struct err e = {0};

    *r = (struct revoking){.host = host, .by = actor_new(who), .done = done, .done_arg = done_arg};
    if (!uuid_is_valid(token_id) || !text_copy(r->token_id, sizeof r->token_id, token_id)) {
        err_set(&e, ERR_NOT_FOUND, "'%.64s' is not a token's id", token_id);
        answer(r, &e);
        return;
    }
    settle(r);
}
