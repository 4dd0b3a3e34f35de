/* reload.c -- see reload.h. */
#include "daemon/reload.h"

#include "base/log.h"
#include "base/mem.h"
#include "daemon/host.h"
#include "engine/catalog/agents.h"
#include "engine/catalog/dag_cache.h"
#include "engine/engine.h"

struct reloading {
    struct host *host;
    api_done_fn done;
    void *done_arg;
};

/* The bundles that were refused are tried again, with the trust as it is now. */
static void reloaded(void *arg, const struct authority_result *result unused_arg,
                     const struct err *e)
{
    auto_mem struct reloading *r = arg;

    if (e == NULL) {
        api_tokens_forget(r->host->api);
        agents_scan(r->host->agents);
    }
    if (r->done != NULL)
        r->done(r->done_arg, &(struct api_outcome){.e = e});
    else if (e != NULL)
        log_event(LOG_WARN, "host.not_reloaded", F_ERR(e));
}

void reload_trust(struct host *host, api_done_fn done, void *done_arg)
{
    struct reloading *r = mem_new(struct reloading);
    struct err e = {0};

    *r = (struct reloading){host, done, done_arg};
    dag_cache_clear(engine_dags(host->engine));
    if (!authority_trust_reload(host->authority, (struct authority_reply){reloaded, r}, &e))
        reloaded(r, NULL, &e);
}
