/* cmd_store.c -- `orch store check`: everything that a start checks, without its bound in time, and
 * every run's chain of events computed again (model/ledger/event.h). */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/out.h"
#include "model/ledger/event.h"
#include "store/store.h"

#include <string.h>
#include <uthash.h>

enum { EVENTS_AT_ONCE = 500 };

struct chain_of {
    struct event_chain chain;
    UT_hash_handle hh;
    char key[]; /* tenant, line feed, run */
};

struct checking {
    struct chain_of *chains;
    int64_t events;
    int64_t entries; /* chains of one event that is of no run */
};

static void checking_done(struct checking *c)
{
    struct chain_of *chain, *next;

    HASH_ITER(hh, c->chains, chain, next)
    {
        HASH_DEL(c->chains, chain);
        free(chain);
    }
}
DEFINE_AUTO_DONE(checking)

static struct event_chain *chain_of(struct checking *c, const struct store_event *row)
{
    auto_mem char *key = mem_printf("%s\n%s", row->tenant, row->run_id);
    struct chain_of *found;
    size_t len = strlen(key);

    HASH_FIND(hh, c->chains, key, len, found);
    if (found == NULL) {
        found = mem_zero(1, sizeof *found + len + 1);
        memcpy(found->key, key, len + 1);
        event_chain_begin(&found->chain);
        HASH_ADD(hh, c->chains, key[0], len, found);
    }
    return &found->chain;
}

static bool check_event(struct checking *c, const struct store_event *row, struct err *e)
{
    char at[CLOCK_TEXT_BYTES];
    struct ledger_event event = {.run_id = row->run_id,
                                 .type = row->type,
                                 .timestamp = at,
                                 .data = row->payload};

    clock_text(row->at_us, at);
    if (!event_chain_check(chain_of(c, row), &event, (uint64_t)row->n, row->prev_hash, row->hash,
                           e))
        return err_wrap(e, "event %lld, of run %s of tenant %s", (long long)row->seq, row->run_id,
                        row->tenant);
    c->events++;
    c->entries += strncmp(row->type, EVENT_ENTRY, strlen(EVENT_ENTRY)) == 0;
    return true;
}

static bool check_events(struct store_reader *reader, const struct store_ledger *ledger,
                         struct checking *c, struct err *e)
{
    const struct store_event_filter all = {.tenant = ledger->tenant};
    int64_t after = 0;

    while (after < ledger->newest) {
        auto_done(store_event_list) rows = {0};

        if (!store_read_events(reader, &all, after, EVENTS_AT_ONCE, &rows, &after, e))
            return false;
        for (size_t i = 0; i < rows.count; i++)
            if (!check_event(c, &rows.rows[i], e))
                return false;
    }
    return true;
}

static bool check_ledgers(struct store_reader *reader, struct checking *c, struct err *e)
{
    auto_done(store_ledger_list) page = {0};

    do {
        auto_mem char *token = mem_str(page.next_page);

        store_ledger_list_done(&page);
        if (!store_read_ledgers(reader, (struct store_page){.token = token}, &page, e))
            return false;
        for (size_t i = 0; i < page.count; i++)
            if (!check_events(reader, &page.rows[i], c, e))
                return false;
    } while (page.next_page != NULL);
    return true;
}

static bool check_store(const char *path, struct checking *c, struct err *e)
{
    const struct store_options options = {.url = path,
                                          .check = STORE_CHECK_QUICK,
                                          .create = STORE_CREATE_NEVER};
    auto_store store = NULL;
    struct store_reader *reader = NULL;
    bool good;

    if (!store_open(&options, &store, e))
        return e->code == ERR_CONFLICT ? err_wrap(e, "stop the host first") : false;
    if (!store_reader_open(store, &reader, e))
        return false;
    good = check_ledgers(reader, c, e);
    store_reader_free(reader);
    return good;
}

static bool check(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {{"store", "path"},
                                                {"verdict", "verdict"},
                                                {"events", "events"},
                                                {"runs", "runs"},
                                                {NULL, NULL}};
    auto_mem char *path = mem_printf("%s/orch.db", cli->set.home);
    auto_done(checking) c = {0};
    auto_json facts = NULL;

    if (!check_store(path, &c, e)) {
        if (e->code == ERR_CORRUPT)
            cli_exit(cli, CLI_EXIT_UNVERIFIED);
        return false;
    }
    facts = json_pack("{s:s, s:s, s:I, s:I}", "path", path, "verdict", "whole", "events",
                      (json_int_t)c.events, "runs", (json_int_t)HASH_COUNT(c.chains) - c.entries);
    out_object(cli, columns, facts);
    return true;
}

static const struct cli_verb verbs[] = {
    {.name = "check",
     .summary = "Check the store of a host that does not run",
     .details =
         "All that a start of the host checks (pages, schema, what was acknowledged), with no "
         "bound in time, and every event's number, link and hash computed again. Reads "
         "ORCH_HOME/orch.db; changes no run.",
     .handler = check},
    {.handler = NULL},
};
const struct cli_group cli_group_store = {.name = "store",
                                          .summary = "The store of this host",
                                          .verbs = verbs};
