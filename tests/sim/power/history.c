/* history.c -- see history.h. */
#include "history.h"

#include "unit/store/samples.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/ledger/event.h"

#include <string.h>

enum { STEPS_MAX = 4, NAME_BYTES = 32, SHORT_BYTES = 40, PAGE_BYTES = 5000, LONG_BYTES = 170000 };
enum { NEWEST = 8 }; /* of which all is looked at */
enum { BEYOND = 4 }; /* numbers that are looked for behind the last that is there */

static uint32_t steps_of(uint32_t number)
{
    return 1 + number % STEPS_MAX;
}

static size_t text_bytes(uint32_t number)
{
    if (number % 29 == 17)
        return LONG_BYTES;
    return number % 7 == 3 ? PAGE_BYTES : SHORT_BYTES;
}

static void run_name(uint32_t number, char ret[NAME_BYTES])
{
    snprintf(ret, NAME_BYTES, "run-%08u", number);
}

/* ---- batches ---- */

static void link_event(struct event_chain *chain, struct store_event *event,
                       struct sha256_hex *prev)
{
    char timestamp[CLOCK_TEXT_BYTES];
    const struct ledger_event e = {event->run_id, event->type, timestamp, event->payload};

    clock_text(event->at_us, timestamp);
    event_chain_add(chain, &e, prev);
    event->prev_hash = prev->text;
    event->hash = chain->prev.text;
}

/* Moves the chain on by the run's next event, and gives it to the batch, if there is one. */
static void add_event(struct store_batch *b, struct event_chain *chain, const char *run_id)
{
    struct store_event event = sample_event(run_id, (int64_t)chain->n + 1, "step.updated");
    struct sha256_hex prev;

    link_event(chain, &event, &prev);
    if (b != NULL)
        store_batch_event_append(b, &event);
}

static void add_step(struct store_batch *b, struct event_chain *chain, const char *run_id,
                     uint32_t number)
{
    char node_id[NAME_BYTES];

    snprintf(node_id, sizeof node_id, "node-%u", number);
    const struct store_node node = sample_node(run_id, node_id);
    const struct store_attempt attempt = sample_attempt(run_id, node_id, 1);
    const struct store_checkpoint checkpoint = sample_checkpoint(run_id, node_id);
    const struct store_provenance provenance = sample_provenance(run_id, node_id);

    store_batch_node_upsert(b, &node);
    store_batch_attempt_upsert(b, &attempt);
    store_batch_checkpoint_put(b, &checkpoint);
    store_batch_provenance_put(b, &provenance);
    add_event(b, chain, run_id);
    add_event(b, chain, run_id);
}

static void end_run(struct store_batch *b, uint32_t number)
{
    struct event_chain chain;
    char run_id[NAME_BYTES];

    run_name(number, run_id);
    const struct store_run_end end = sample_run_end(run_id);
    store_batch_run_end(b, &end);
    event_chain_begin(&chain);
    for (uint32_t i = 0; i < 2 * steps_of(number); i++)
        add_event(NULL, &chain, run_id);
    add_event(b, &chain, run_id);
}

struct store_batch *history_batch(uint32_t number)
{
    struct store_batch *b = store_batch_new();
    auto_mem char *text = mem_zero(1, LONG_BYTES + 1);
    struct event_chain chain;
    char run_id[NAME_BYTES];

    run_name(number, run_id);
    const struct store_run run = sample_run(run_id);
    store_batch_run_insert(b, &run);
    event_chain_begin(&chain);
    for (uint32_t i = 0; i < steps_of(number); i++)
        add_step(b, &chain, run_id, i);
    memset(text, 'a' + (int)(number % 26), text_bytes(number));
    const struct store_log log = sample_log(run_id, "node-0", text);
    store_batch_log_append(b, &log);
    if (number >= 2)
        end_run(b, number - 2);
    return b;
}

struct store_batch *history_bad_batch(void)
{
    struct store_batch *b = store_batch_new();
    const struct store_run bad = sample_run("run-bad"), there = sample_run("run-00000000");

    store_batch_run_insert(b, &bad);
    store_batch_run_insert(b, &there);
    return b;
}

/* ---- the look ---- */

static bool has_run(struct store_reader *r, const char *run_id, bool *ret,
                    enum store_run_status *ret_status, struct err *e)
{
    auto_done(store_run_list) run = {0};

    *ret = store_read_run(r, SAMPLE_TENANT, run_id, &run, e);
    if (*ret)
        *ret_status = run.rows[0].status;
    return *ret || e->code == ERR_NOT_FOUND;
}

static bool check_events(struct store_reader *r, const char *run_id, size_t want, struct err *e)
{
    const struct store_event_filter filter = {.tenant = SAMPLE_TENANT, .run_id = run_id};
    auto_done(store_event_list) events = {0};
    struct event_chain chain;
    int64_t next;

    if (!store_read_events(r, &filter, 0, STORE_PAGE_ROWS_MAX, &events, &next, e))
        return false;
    if (events.count != want)
        return err_set(e, ERR_CORRUPT, "%s: %zu events of %zu", run_id, events.count, want);
    event_chain_begin(&chain);
    for (size_t i = 0; i < events.count; i++) {
        const struct store_event *row = &events.rows[i];
        char timestamp[CLOCK_TEXT_BYTES];
        const struct ledger_event event = {row->run_id, row->type, timestamp, row->payload};

        clock_text(row->at_us, timestamp);
        if (!event_chain_check(&chain, &event, (uint64_t)row->n, row->prev_hash, row->hash, e))
            return err_wrap(e, "%s", run_id);
    }
    return true;
}

static bool check_rows(struct store_reader *r, uint32_t number, const char *run_id, struct err *e)
{
    const struct store_page page = {.size = STORE_PAGE_ROWS_MAX};
    const struct store_log_filter of_run = {.tenant = SAMPLE_TENANT, .run_id = run_id};
    auto_done(store_node_list) nodes = {0};
    auto_done(store_attempt_list) attempts = {0};
    auto_done(store_checkpoint_list) checkpoints = {0};
    auto_done(store_provenance_list) provenance = {0};
    auto_done(store_log_list) logs = {0};
    size_t want = steps_of(number);

    if (!store_read_nodes(r, &(struct store_node_filter){SAMPLE_TENANT, run_id, true}, page, &nodes,
                          e) ||
        !store_read_attempts(r, SAMPLE_TENANT, run_id, NULL, page, &attempts, e) ||
        !store_read_checkpoints(r, SAMPLE_TENANT, run_id, page, &checkpoints, e) ||
        !store_read_provenance(r, SAMPLE_TENANT, run_id, page, &provenance, e) ||
        !store_read_logs(r, &of_run, STORE_PAGE_ROWS_MAX, &logs, e))
        return false;
    if (nodes.count != want || attempts.count != want || checkpoints.count != want ||
        provenance.count != want || logs.count != 1 ||
        strlen(logs.rows[0].text) != text_bytes(number))
        return err_set(e, ERR_CORRUPT, "%s: a torn batch", run_id);
    return true;
}

static uint32_t events_of(uint32_t number, uint32_t found)
{
    return 2 * steps_of(number) + (number + 2 < found ? 1 : 0);
}

/* The tenant's events are numbered without a hole. */
static bool check_numbers(struct store_reader *r, uint32_t found, struct err *e)
{
    int64_t oldest, newest, want = 0;

    for (uint32_t i = 0; i < found; i++)
        want += events_of(i, found);
    if (!store_read_event_bounds(r, SAMPLE_TENANT, &oldest, &newest, e))
        return false;
    if (newest == want && oldest == (want > 0 ? 1 : 0))
        return true;
    return err_set(e, ERR_CORRUPT, "events %lld to %lld, of %lld", (long long)oldest,
                   (long long)newest, (long long)want);
}

static bool check_run(struct store_reader *r, uint32_t number, uint32_t found,
                      enum store_run_status status, struct err *e)
{
    bool ended = number + 2 < found;
    char run_id[NAME_BYTES];

    run_name(number, run_id);
    if ((status == STORE_RUN_COMPLETED) != ended)
        return err_set(e, ERR_CORRUPT, "%s: its end and batch %u are apart", run_id, number + 2);
    return check_rows(r, number, run_id, e) && check_events(r, run_id, events_of(number, found), e);
}

static bool none_behind(struct store_reader *r, uint32_t found, struct err *e)
{
    enum store_run_status status;
    char run_id[NAME_BYTES] = "run-bad";
    bool there;

    for (uint32_t i = 0; i <= BEYOND; i++) {
        if (!has_run(r, run_id, &there, &status, e))
            return false;
        if (there)
            return err_set(e, ERR_CORRUPT, "%s is there, batch %u is not", run_id, found);
        run_name(found + i, run_id);
    }
    return true;
}

/* The newest, and a part of the others: what is damaged there is the quick_check's to find. */
static bool is_looked_at(uint32_t number, uint32_t found)
{
    return number + NEWEST > found || number % 4 == found % 4;
}

static bool check_all(struct store_reader *r, uint32_t *ret_found, struct err *e)
{
    enum store_run_status statuses[4096] = {0};
    uint32_t found = 0;
    bool there = true;

    while (there) {
        char run_id[NAME_BYTES];

        run_name(found, run_id);
        if (!has_run(r, run_id, &there, &statuses[found], e))
            return false;
        found += there ? 1 : 0;
    }
    for (uint32_t i = 0; i < found; i++) {
        if (is_looked_at(i, found) && !check_run(r, i, found, statuses[i], e))
            return false;
    }
    *ret_found = found;
    return check_numbers(r, found, e) && none_behind(r, found, e);
}

bool history_check(struct store *store, uint32_t *ret_found, struct err *e)
{
    auto_obj(store_reader) reader = NULL;

    return store_reader_open(store, &reader, e) && check_all(reader, ret_found, e);
}
