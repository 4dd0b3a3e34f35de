/* server_quotas.c -- the test engine's quotas: kept in the store, in effect nowhere; see
 * server_engine.h. */
#include "server_engine.h"

#include "store/rows.h"

#include <string.h>

static void quota_change(void *arg, const struct api_actor *who,
                         const struct api_quota_change *what, api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();
    const struct store_quota *row = what->row;

    if (strcmp(who->reason, "too late") == 0) {
        store_batch_free(batch);
        server_fail(done, done_arg, ERR_CONFLICT, "QUOTA_EXISTS", "there is one");
        return;
    }
    if (what->deed == API_QUOTA_PUT)
        store_batch_quota_put(batch, row);
    else if (what->deed == API_QUOTA_DELETE)
        store_batch_quota_delete(batch, row->tenant, row->quota_id, row->version);
    else
        store_batch_quota_change(batch, row);
    server_commit(arg, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){.quota_id = row->quota_id});
}

static json_t *quotas_owned(void *arg, const char *tenant)
{
    (void)arg;
    (void)tenant;
    return json_pack("{s:i, s:i}", "total", 2, "waiting", 7);
}

static uint32_t tasks_running(void *arg, const char *tenant, const char *lane)
{
    (void)arg;
    (void)tenant;
    return lane != NULL && strcmp(lane, "ml") == 0 ? 1 : 0;
}

void server_quotas_serve(struct api_engine *engine)
{
    engine->quota_change = quota_change;
    engine->quotas_owned = quotas_owned;
    engine->tasks_running = tasks_running;
}
