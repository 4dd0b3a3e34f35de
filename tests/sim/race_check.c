/* race_check.c -- what holds whatever operators ask for, and when. See race_world.h. */
#include "race_world.h"

#include "base/clock.h"
#include "model/ledger/event.h"

#include <string.h>

/* ---- starts ---- */

static bool deletes_checkpoints(const struct race_plan *plan)
{
    return plan->commands[0] == RACE_CHECKPOINTS_DELETE ||
           plan->commands[1] == RACE_CHECKPOINTS_DELETE;
}

static void check_not_twice(struct race_world *w, const struct attempt_spec *spec, uint64_t id)
{
    const struct sandbox *sb = &w->rig->sandbox;

    for (size_t i = 0; i < sb->count; i++) {
        const struct rig_attempt *a = &sb->attempts[i];

        if (a->id != id && a->attempt == spec->attempt && strcmp(a->run_id, spec->run_id) == 0 &&
            strcmp(a->node_id, spec->node_id) == 0)
            race_broken(w, "%s %u was started twice", spec->node_id, spec->attempt);
    }
}

static void check_not_completed(struct race_world *w, const struct attempt_spec *spec)
{
    for (size_t i = 0; i < w->rig->event_count; i++) {
        const struct rig_event *event = &w->rig->events[i];

        if (strcmp(event->run_id, spec->run_id) == 0 && strcmp(event->step, spec->node_id) == 0 &&
            strcmp(event->status, "completed") == 0)
            race_broken(w, "%s was completed and is started again", spec->node_id);
    }
}

/* A handler has no row but its attempt's. */
static bool handler_is_durable(struct race_world *w, const struct attempt_spec *spec)
{
    auto_done(store_attempt_list) rows = {0};
    struct err e;

    if (!store_read_attempts(w->rig->reader, RIG_TENANT, spec->run_id, spec->node_id,
                             (struct store_page){.size = STORE_PAGE_ROWS_MAX}, &rows, &e))
        return false;
    return rows.count > 0 && rows.rows[rows.count - 1].attempt == spec->attempt &&
           strcmp(rows.rows[rows.count - 1].outcome, "running") == 0;
}

static bool node_is_durable(struct race_world *w, const struct attempt_spec *spec)
{
    auto_done(store_node_list) rows = {0};
    struct err e;

    return store_read_node(w->rig->reader, RIG_TENANT, spec->run_id, spec->node_id, &rows, &e) &&
           rows.rows[0].tally_given == spec->attempt && rows.rows[0].status == STORE_NODE_RUNNING;
}

void race_check_start(struct race_world *w, const struct attempt_spec *spec, uint64_t id)
{
    bool handler = strncmp(spec->node_id, "compensate_", 11) == 0;

    if (handler ? !handler_is_durable(w, spec) : !node_is_durable(w, spec))
        race_broken(w, "%s %u was started before it was durable", spec->node_id, spec->attempt);
    check_not_twice(w, spec, id);
    if (!deletes_checkpoints(&w->plan)) /* then the operator wants it again */
        check_not_completed(w, spec);
}

/* ---- the chain of one run, and what its events say ---- */

struct chain_view {
    struct event_chain chain;
    bool ended, completed;
    uint64_t count;
};

static bool is_final(const char *type)
{
    return strncmp(type, "run.", 4) == 0 && strcmp(type, "run.started") != 0 &&
           strcmp(type, "run.updated") != 0;
}

static void check_order(struct race_world *w, struct chain_view *v, const struct store_event *row)
{
    if (v->completed)
        race_broken(w, "run %s: %s %s behind its completion", row->run_id, row->type, row->status);
    if (v->ended && strcmp(row->status, "resumed") != 0)
        race_broken(w, "run %s: %s %s behind its end", row->run_id, row->type, row->status);
    v->ended = is_final(row->type);
    v->completed = v->ended && strcmp(row->status, "completed") == 0;
}

static void check_link(struct race_world *w, struct chain_view *v, const struct store_event *row)
{
    char timestamp[CLOCK_TEXT_BYTES];
    struct err e;

    clock_text(row->at_us, timestamp);
    if (!event_chain_check(&v->chain,
                           &(struct ledger_event){row->run_id, row->type, timestamp, row->payload},
                           (uint64_t)row->n, row->prev_hash, row->hash, &e))
        race_broken(w, "chain: %s", e.msg);
}

static void check_events(struct race_world *w, const char *run_id, struct chain_view *v)
{
    const struct store_event_filter filter = {.tenant = RIG_TENANT, .run_id = run_id};
    int64_t after, next = 0;
    struct err e;

    event_chain_begin(&v->chain);
    do {
        auto_done(store_event_list) rows = {0};

        after = next;
        if (!store_read_events(w->rig->reader, &filter, after, STORE_PAGE_ROWS_MAX, &rows, &next,
                               &e)) {
            race_broken(w, "%s", e.msg);
            return;
        }
        for (size_t i = 0; i < rows.count; i++) {
            check_link(w, v, &rows.rows[i]);
            check_order(w, v, &rows.rows[i]);
        }
        v->count += rows.count;
    } while (next != after);
}

/* ---- attempts and nodes ---- */

static void check_attempts(struct race_world *w, const char *run_id)
{
    auto_done(store_attempt_list) rows = {0};
    struct err e;

    if (!store_read_attempts(w->rig->reader, RIG_TENANT, run_id, NULL,
                             (struct store_page){.size = STORE_PAGE_ROWS_MAX}, &rows, &e))
        race_broken(w, "%s", e.msg);
    for (size_t i = 0; i < rows.count; i++) {
        const struct store_attempt *row = &rows.rows[i], *before = &rows.rows[i > 0 ? i - 1 : 0];
        bool same = i > 0 && strcmp(row->node_id, before->node_id) == 0;

        if (row->attempt != (same ? before->attempt + 1 : 1) && !w->plan.crash)
            race_broken(w, "attempt %lld of %s is stored behind %lld", (long long)row->attempt,
                        row->node_id, (long long)(same ? before->attempt : 0));
        if (strcmp(row->outcome, "running") == 0 && !w->plan.crash)
            race_broken(w, "attempt %lld of %s is still open", (long long)row->attempt,
                        row->node_id);
    }
}

static void check_run(struct race_world *w, const char *run_id, uint64_t *count)
{
    struct chain_view v = {0};
    enum store_run_status status = rig_status(w->rig, run_id);

    check_events(w, run_id, &v);
    check_attempts(w, run_id);
    if (!v.ended)
        race_broken(w, "the last event of run %s is not its end", run_id);
    if (v.completed != (status == STORE_RUN_COMPLETED))
        race_broken(w, "run %s is %s, its events say other", run_id, store_run_status_text(status));
    *count += v.count;
}

static void check_stream(struct race_world *w, uint64_t stored)
{
    if (w->plan.crash || w->wrong[0] != '\0')
        return; /* what was durable and not acted on is streamed from the store */
    if (w->streamed != stored)
        race_broken(w, "%llu events are stored, %llu were streamed", (unsigned long long)stored,
                    (unsigned long long)w->streamed);
}

void race_check(struct race_world *w)
{
    uint64_t stored = 0;

    for (size_t i = 0; i < ARRAY_LEN(w->answers); i++) {
        if (w->answers[i].told != 1 && !(w->plan.crash && w->answers[i].told == 0))
            race_broken(w, "call %zu was answered %u times", i, w->answers[i].told);
        if (w->answers[i].code == ERR_CORRUPT || w->answers[i].code == ERR_SYSTEM)
            race_broken(w, "call %zu: %s", i, w->answers[i].msg);
    }
    for (size_t i = 0; i < w->run_count && w->wrong[0] == '\0'; i++)
        check_run(w, w->runs[i], &stored);
    check_stream(w, stored);
    if (w->rig->fatal.code != ERR_NONE)
        race_broken(w, "the host would have ended: %s", w->rig->fatal.msg);
}
