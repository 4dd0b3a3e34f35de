/* server_ledger.c -- the test engine's ledger heads: whole rows, nothing signed; see
 * server_engine.h. */
#include "server_engine.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

static const char root[] = "0000000000000000000000000000000000000000000000000000000000000000";

struct tally {
    int64_t events, last_seq;
};

static void count_events(struct server *s, const char *tenant, struct tally *tally)
{
    int64_t oldest, newest;
    struct err e;

    if (!store_read_event_bounds(s->reader, tenant, &oldest, &newest, &e))
        abort();
    while (tally->last_seq < newest) {
        auto_done(store_leaf_list) rows = {0};

        if (!store_read_leaves(s->reader, tenant, tally->last_seq, newest, STORE_PAGE_ROWS_MAX,
                               &rows, &e))
            abort();
        tally->events += (int64_t)rows.count;
        tally->last_seq = rows.rows[rows.count - 1].seq;
    }
}

static void seal(struct server *s, const char *tenant)
{
    auto_done(store_ledger_head_list) old = {0};
    struct tally tally = {0};
    auto_mem char *envelope = NULL;
    struct store_batch *batch;
    struct err e;

    count_events(s, tenant, &tally);
    if (!store_read_ledger_head(s->reader, tenant, &old, &e))
        abort();
    if (tally.events == (old.count > 0 ? old.rows[0].tree_size : 0))
        return;
    envelope = mem_printf("{\"head_of\":%lld}", (long long)tally.events);
    batch = store_batch_new();
    store_batch_ledger_head_put(batch, &(struct store_ledger_head){.tenant = tenant,
                                                                   .tree_size = tally.events,
                                                                   .last_seq = tally.last_seq,
                                                                   .root_hash = root,
                                                                   .envelope = envelope,
                                                                   .created_us = clock_wall_us()});
    server_commit(s, batch, NULL, 0);
}

void server_ledger_seal(void *arg, const char *tenant, api_done_fn done, void *done_arg)
{
    seal(arg, tenant);
    done(done_arg, &(struct api_outcome){0});
}
