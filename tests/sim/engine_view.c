/* engine_view.c -- see engine_world.h. */
#include "engine_world.h"

#include "base/clock.h"
#include "model/ledger/event.h"

#include <inttypes.h>
#include <string.h>

static const char handler_prefix[] = "compensate_";

/* ---- words ---- */

static enum node_state node_state_of(const char *text)
{
    for (int s = NODE_INVALID + 1; s < NODE_STATE_COUNT; s++) {
        if (node_state_final((enum node_state)s) &&
            strcmp(node_state_text((enum node_state)s), text) == 0)
            return (enum node_state)s;
    }
    return NODE_INVALID;
}

static enum run_state run_state_of(const char *text, bool final)
{
    for (int s = RUN_INVALID + 1; s < RUN_STATE_COUNT; s++) {
        if (run_state_final((enum run_state)s) == final &&
            strcmp(run_state_text((enum run_state)s), text) == 0)
            return (enum run_state)s;
    }
    return RUN_INVALID;
}

struct attempt_ref view_ref(const struct engine_world *e, const char *node_id, uint32_t attempt)
{
    bool handler = strncmp(node_id, handler_prefix, sizeof handler_prefix - 1) == 0;
    const struct dag_node *node =
        dag_find(e->w.dag, handler ? node_id + sizeof handler_prefix - 1 : node_id);

    return (struct attempt_ref){(uint32_t)dag_index(e->w.dag, node), attempt, handler};
}

/* ---- events as decisions ---- */

/* The node's row is of the end of the batch; what its events need of it is the same all through. */
static void add_row(struct engine_world *e, struct run_decision *d, json_t **ret_outputs)
{
    auto_done(store_node_list) rows = {0};
    const struct store_node *row;
    struct err why;

    if (!store_read_node(e->rig->reader, RIG_TENANT, e->run_id,
                         e->w.dag->nodes[d->ref.node].node_id, &rows, &why)) {
        broken(&e->w, "node %u has an event and no row: %s", d->ref.node, why.msg);
        return;
    }
    row = &rows.rows[0];
    d->tally.counted = (uint32_t)row->attempts;
    d->tally.used = (uint32_t)row->tally_used;
    d->tally.infra = (uint32_t)row->tally_infra;
    if (d->kind != DECIDE_NODE_DONE)
        return;
    d->done.timed_out = row->error_class != NULL && strcmp(row->error_class, "TimeoutError") == 0;
    if (d->done.state == NODE_COMPLETED && row->outputs != NULL)
        *ret_outputs = d->done.outputs = json_loads(row->outputs, 0, NULL);
}

static void tell(struct engine_world *e, const struct run_decision *d)
{
    struct facts before;

    facts_copy(&before, &e->w.facts);
    check_decision(&e->w, &before, d);
    facts_apply(&e->w.facts, d);
    facts_done(&before);
}

static void step_event(struct engine_world *e, const struct store_event *row)
{
    auto_json payload = json_loads(row->payload, 0, NULL);
    auto_json outputs = NULL;
    struct run_decision d = {.ref = view_ref(e, row->node_id, (uint32_t)row->attempt)};

    d.ref.compensation = json_is_true(json_object_get(payload, "compensation"));
    d.tally.attempts = d.ref.attempt;
    if (strcmp(row->status, "running") == 0) {
        d.kind = DECIDE_START_ATTEMPT;
        d.start.node_id = row->node_id;
        if (e->pause_asked)
            broken(&e->w, "%s started although a pause was acknowledged", row->node_id);
    } else if (strcmp(row->status, "retrying") == 0) {
        d.kind = DECIDE_ATTEMPT_DONE;
        d.done.state = NODE_WAITING;
    } else {
        d.kind = d.ref.compensation ? DECIDE_COMPENSATION_DONE : DECIDE_NODE_DONE;
        d.done.state = node_state_of(row->status);
        d.done.error = json_string_value(json_object_get(payload, "error"));
    }
    if (!d.ref.compensation)
        add_row(e, &d, &outputs);
    tell(e, &d);
}

/* As DECIDE_NODE_AGAIN does, which has no event: what had not completed is open once more. */
static void resumed(struct facts *f)
{
    for (uint32_t i = 0; i < NODES_MAX; i++) {
        if (f->nodes[i].known && f->nodes[i].state != NODE_COMPLETED)
            f->nodes[i].state = NODE_PENDING;
    }
    f->paused = f->cancelled = f->timed_out = false;
    f->state = RUN_ACTIVE;
}

/* What a client asked for and was acknowledged, which a crash must not undo. */
static void asked(struct engine_world *e, const char *status, bool final)
{
    if (strcmp(status, "resumed") == 0) {
        resumed(&e->w.facts);
        e->cancel_asked = false;
    }
    /* That the time is over is found again, if nothing else comes first. */
    if (strcmp(status, "recovered") == 0)
        e->w.facts.timed_out = false;
    if (!final && strcmp(status, "cancelling") == 0 && !e->w.facts.timed_out)
        e->cancel_asked = true;
    if (strcmp(status, "paused") == 0)
        e->pause_asked = true;
    else if (strcmp(status, "recovered") != 0 && strcmp(status, "running") != 0)
        e->pause_asked = false; /* going on, stopping, rolling back */
}

static void run_event(struct engine_world *e, const struct store_event *row)
{
    bool final = strcmp(row->type, "run.started") != 0 && strcmp(row->type, "run.updated") != 0;
    struct run_decision d = {.kind = final ? DECIDE_RUN_DONE : DECIDE_RUN_STATE,
                             .run.state = run_state_of(row->status, final)};

    asked(e, row->status, final);
    if (d.run.state == RUN_INVALID || d.run.state == RUN_NEW)
        return; /* what was asked for, not what became of it */
    if (d.run.state == RUN_STOPPING)
        d.run.timed_out = !e->cancel_asked;
    if (final)
        e->w.ended = true;
    tell(e, &d);
}

static void one_event(struct engine_world *e, const struct store_event *row)
{
    struct rng mix =
        rng_of(e->w.trace ^ (uint64_t)(e->w.now - e->w.began) ^ (uint64_t)row->n << 40);

    for (const char *c = row->status; *c != '\0'; c++)
        mix.state = mix.state * 131 + (uint8_t)*c;
    e->w.trace = rng_u64(&mix) + (uint64_t)row->attempt;
    e->seen = row->seq;
    e->stored++;
    if (row->node_id != NULL)
        step_event(e, row);
    else
        run_event(e, row);
}

void view_events(struct engine_world *e)
{
    const struct store_event_filter filter = {.tenant = RIG_TENANT, .run_id = e->run_id};
    int64_t after, next = e->seen;
    struct err why;

    if (e->run_id[0] == '\0')
        return;
    do {
        auto_done(store_event_list) rows = {0};

        after = next;
        if (!store_read_events(e->rig->reader, &filter, after, STORE_PAGE_ROWS_MAX, &rows, &next,
                               &why)) {
            broken(&e->w, "events: %s", why.msg);
            return;
        }
        for (size_t i = 0; i < rows.count; i++)
            one_event(e, &rows.rows[i]);
    } while (next != after);
}

/* ---- commit, then tell ---- */

static void handler_started(struct engine_world *e, const struct attempt_spec *spec)
{
    auto_done(store_attempt_list) rows = {0};
    struct err why;
    bool found = false;

    if (!store_read_attempts(e->rig->reader, RIG_TENANT, spec->run_id, spec->node_id,
                             (struct store_page){.size = STORE_PAGE_ROWS_MAX}, &rows, &why))
        broken(&e->w, "attempts: %s", why.msg);
    for (size_t i = 0; i < rows.count; i++)
        found = found || (rows.rows[i].attempt == spec->attempt &&
                          strcmp(rows.rows[i].outcome, "running") == 0);
    if (!found)
        broken(&e->w, "%s %u was started before it was durable", spec->node_id, spec->attempt);
}

uint32_t view_started(struct engine_world *e, const struct attempt_spec *spec,
                      struct attempt_ref ref)
{
    auto_done(store_node_list) rows = {0};
    struct err why;

    if (ref.compensation) {
        handler_started(e, spec);
        return spec->attempt;
    }
    if (!store_read_node(e->rig->reader, RIG_TENANT, spec->run_id, spec->node_id, &rows, &why) ||
        rows.rows[0].tally_given != spec->attempt || rows.rows[0].status != STORE_NODE_RUNNING) {
        broken(&e->w, "%s %u was started before it was durable", spec->node_id, spec->attempt);
        return spec->attempt;
    }
    return (uint32_t)rows.rows[0].attempts;
}

/* ---- the end ---- */

static bool chain_page(struct engine_world *e, struct event_chain *chain, int64_t after,
                       int64_t *ret_next)
{
    const struct store_event_filter filter = {.tenant = RIG_TENANT, .run_id = e->run_id};
    auto_done(store_event_list) rows = {0};
    struct err why;

    if (!store_read_events(e->rig->reader, &filter, after, STORE_PAGE_ROWS_MAX, &rows, ret_next,
                           &why)) {
        broken(&e->w, "events: %s", why.msg);
        return false;
    }
    for (size_t i = 0; i < rows.count; i++) {
        const struct store_event *row = &rows.rows[i];
        char timestamp[CLOCK_TEXT_BYTES];

        clock_text(row->at_us, timestamp);
        if (!event_chain_check(chain,
                               &(struct ledger_event){row->run_id, row->type, timestamp,
                                                      row->payload},
                               (uint64_t)row->n, row->prev_hash, row->hash, &why))
            broken(&e->w, "chain: %s", why.msg);
    }
    return *ret_next != after;
}

void view_chain(struct engine_world *e)
{
    struct event_chain chain;
    int64_t next = 0;

    event_chain_begin(&chain);
    while (chain_page(e, &chain, next, &next))
        ;
}

bool view_statement(struct engine_world *e)
{
    return rig_statements(e->rig, e->run_id) > 0;
}
