/* others.c -- see others.h. News that were lost are the same as all news. */
#include "daemon/others.h"

#include "daemon/host.h"
#include "daemon/revocations.h"
#include "engine/catalog/agents.h"
#include "engine/engine.h"
#include "store/hosts.h"

/* Definitions and tenants are asked of the store whenever somebody needs them: what is remembered
 * of a version never changes. */
static void changed(struct host *host, enum store_known what)
{
    if (what == STORE_KNOWN_TOKENS)
        revocations_look(host->revocations);
    else if (what == STORE_KNOWN_PLUGINS)
        agents_look(host->agents);
}

static void heard(void *arg, const struct store_news *news)
{
    struct host *host = arg;

    if (host->beside == NULL) /* stop.c: nobody would look */
        return;
    engine_on_news(host->engine, news);
    if (host->api == NULL)
        return;
    switch (news->kind) {
    case STORE_NEWS_EVENTS:
        api_stream_heard(host->api, news->tenant, news->number);
        break;
    case STORE_NEWS_KNOWN:
        changed(host, (enum store_known)news->number);
        break;
    case STORE_NEWS_MISSED:
        api_stream_look(host->api);
        changed(host, STORE_KNOWN_TOKENS);
        changed(host, STORE_KNOWN_PLUGINS);
        break;
    default:
        break;
    }
}

void others_listen(struct host *host)
{
    store_listen(host->store, heard, host);
}
