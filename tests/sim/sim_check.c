/* sim_check.c -- the rules, said once more and independently of the code under test. */
#include "sim.h"

#include <stdarg.h>
#include <string.h>

void broken(struct world *w, const char *fmt, ...)
{
    va_list args;

    if (w->wrong[0] != '\0')
        return;
    va_start(args, fmt);
    vsnprintf(w->wrong, sizeof w->wrong, fmt, args);
    va_end(args);
}

/* What a failure means ------------------------------------------------------------------------ */

static bool wants_rollback(const struct dag *dag, uint32_t node, bool timed_out)
{
    const struct dag_node *n = &dag->nodes[node];

    if (timed_out && dag_timeout_policy(dag, n)->on_timeout == TIMEOUT_ACTION_COMPENSATE)
        return true;
    if (n->on_failure == NODE_FAILURE_COMPENSATE)
        return true;
    return n->on_failure == NODE_FAILURE_STOP && dag->on_failure == DAG_FAILURE_COMPENSATE;
}

static bool halts(const struct dag *dag, uint32_t node, bool timed_out)
{
    return wants_rollback(dag, node, timed_out) ||
           (dag->nodes[node].on_failure == NODE_FAILURE_STOP &&
            dag->on_failure == DAG_FAILURE_FAIL_FAST);
}

static bool is_open(const struct fact *f)
{
    return f->known && !node_state_final(f->state) && f->state != NODE_PENDING;
}

static bool is_final(const struct fact *f)
{
    return f->known && node_state_final(f->state);
}

static bool same_json(const json_t *a, const json_t *b)
{
    return a == b || json_equal(a, b);
}

/* Each decision ------------------------------------------------------------------------------- */

static void check_dependencies(struct world *w, const struct facts *before, uint32_t node)
{
    const struct dag_node *n = &w->dag->nodes[node];

    for (uint32_t i = 0; i < n->dep_count; i++) {
        if (!is_final(&before->nodes[n->deps[i]]))
            broken(w, "%s started before its dependency ended", n->node_id);
    }
    for (uint32_t i = 0; w->deterministic && i < w->dag->node_count; i++) {
        if (w->dag->nodes[i].level < n->level && !is_final(&before->nodes[i]))
            broken(w, "%s started before level %u ended", n->node_id, w->dag->nodes[i].level);
    }
}

/* A first attempt: a retry may come after a halt, as its level ends. */
static void check_first_start(struct world *w, const struct facts *before, uint32_t node)
{
    uint32_t level = w->dag->nodes[node].level;
    uint32_t open = 1;

    check_dependencies(w, before, node);
    for (uint32_t i = 0; i < w->dag->node_count; i++) {
        const struct fact *f = &before->nodes[i];

        open += is_open(f);
        if (is_final(f) && f->state == NODE_FAILED && w->dag->nodes[i].level < level &&
            halts(w->dag, i, f->timed_out))
            broken(w, "%s started behind a failure that halts", w->dag->nodes[node].node_id);
    }
    if (open > w->dag->max_parallel_nodes)
        broken(w, "%u nodes open, the limit is %u", open, w->dag->max_parallel_nodes);
}

static void check_start(struct world *w, const struct facts *before, const struct run_decision *d)
{
    bool handler = d->ref.compensation;
    const struct fact *f = handler ? &before->handlers[d->ref.node] : &before->nodes[d->ref.node];
    const char *id = d->start.node_id;

    if (is_final(f))
        broken(w, "%s executed again, it had ended %s", id, node_state_text(f->state));
    if (f->known && d->ref.attempt <= f->tally.attempts)
        broken(w, "%s got attempt %u a second time", id, d->ref.attempt);
    if (before->cancelled && !handler)
        broken(w, "%s started in a cancelled run", id);
    if (before->paused)
        broken(w, "%s started in a paused run", id);
    if (!handler && !is_open(f))
        check_first_start(w, before, d->ref.node);
}

static void check_budget(struct world *w, const struct run_decision *d)
{
    const struct dag_node *n = &w->dag->nodes[d->ref.node];
    uint32_t max = d->ref.compensation ? retry_policy_default.max_retries
                                       : dag_retry_policy(w->dag, n)->max_retries;

    if (d->tally.used > max + 1)
        broken(w, "%s used %u attempts of %u", n->node_id, d->tally.used, max + 1);
}

void check_decision(struct world *w, const struct facts *before, const struct run_decision *d)
{
    if (run_state_final(before->state))
        broken(w, "a decision behind the end");
    if (d->kind == DECIDE_START_ATTEMPT)
        check_start(w, before, d);
    if (d->kind == DECIDE_NODE_DONE && is_final(&before->nodes[d->ref.node]))
        broken(w, "node %u ended twice", d->ref.node);
    if (d->kind == DECIDE_COMPENSATION_DONE && is_final(&before->handlers[d->ref.node]))
        broken(w, "handler %u ended twice", d->ref.node);
    if (d->kind < DECIDE_RUN_STATE)
        check_budget(w, d);
}

/* Nothing acknowledged is lost ---------------------------------------------------------------- */

void check_recovered(struct world *w)
{
    for (uint32_t i = 0; i < w->dag->node_count; i++) {
        struct node_view v = run_node(w->run, i);
        const struct fact *f = &w->facts.nodes[i];

        if (is_final(f) && (v.state != f->state || !same_json(v.outputs, f->outputs)))
            broken(w, "node %u was %s, after the crash it is %s", i, node_state_text(f->state),
                   node_state_text(v.state));
    }
}

/* The end ------------------------------------------------------------------------------------- */

static bool rollback_is_owed(const struct world *w)
{
    bool owed = w->facts.timed_out && w->dag->on_failure == DAG_FAILURE_COMPENSATE;

    for (uint32_t i = 0; i < w->dag->node_count; i++) {
        const struct fact *f = &w->facts.nodes[i];

        owed = owed ||
               (f->known && f->state == NODE_FAILED && wants_rollback(w->dag, i, f->timed_out));
    }
    return owed;
}

static void check_rollback(struct world *w)
{
    bool owed = rollback_is_owed(w);
    uint32_t next = 0;

    for (size_t i = w->dag->node_count; i > 0; i--) {
        uint32_t node = w->dag->order[i - 1];
        bool due = owed && w->facts.nodes[node].state == NODE_COMPLETED &&
                   w->dag->nodes[node].compensation.agent_id != NULL;

        if (due && (next == w->facts.undone_count || w->facts.undone[next] != node))
            broken(w, "the handler of node %u did not run in its turn", node);
        next += due;
    }
    if (next != w->facts.undone_count)
        broken(w, "%u handlers ran, %u were due", w->facts.undone_count, next);
}

static enum run_state wanted_end(const struct world *w, bool *ret_may_leave)
{
    bool failed = false;

    *ret_may_leave = w->facts.cancelled || w->facts.timed_out;
    for (uint32_t i = 0; i < w->dag->node_count; i++) {
        const struct fact *f = &w->facts.nodes[i];
        bool this_failed = f->known && f->state == NODE_FAILED;

        failed = failed || this_failed;
        if (this_failed && halts(w->dag, i, f->timed_out))
            *ret_may_leave = true;
    }
    if (w->facts.cancelled)
        return RUN_CANCELLED;
    return failed || w->facts.timed_out ? RUN_FAILED : RUN_COMPLETED;
}

void check_end(struct world *w)
{
    bool may_leave;
    enum run_state wanted = wanted_end(w, &may_leave);

    if (w->facts.state != wanted)
        broken(w, "the run is %s, not %s", run_state_text(w->facts.state), run_state_text(wanted));
    for (uint32_t i = 0; i < w->dag->node_count; i++) {
        const struct fact *f = &w->facts.nodes[i];

        if (is_open(f))
            broken(w, "node %u is still %s at the end", i, node_state_text(f->state));
        if (!is_final(f) && !may_leave)
            broken(w, "node %u was left out", i);
    }
    for (uint32_t i = 0; i < ATTEMPTS_OPEN_MAX; i++) {
        if (w->workers[i].busy)
            broken(w, "a worker is busy behind the end");
    }
    check_rollback(w);
}

void check_same_result(struct world *w, const struct world *calm)
{
    if (w->facts.state != calm->facts.state)
        broken(w, "with faults the run is %s, without %s", run_state_text(w->facts.state),
               run_state_text(calm->facts.state));
    for (uint32_t i = 0; i < w->dag->node_count; i++) {
        const struct fact *a = &w->facts.nodes[i];
        const struct fact *b = &calm->facts.nodes[i];

        if (a->state != b->state || a->tally.counted != b->tally.counted)
            broken(w, "with faults node %u is %s after %u, without %s after %u", i,
                   node_state_text(a->state), a->tally.counted, node_state_text(b->state),
                   b->tally.counted);
        if (!same_json(a->outputs, b->outputs))
            broken(w, "with faults node %u has other outputs", i);
    }
}
