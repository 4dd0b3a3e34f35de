/* schedule.c -- which node starts next, and the end of the run. See internal.h. */
#include "base/mem.h"
#include "model/run/internal.h"

#include <assert.h>

/* greenlang 4.3 with DESIGN 5: what a failed node does to the run. Not listed: the run goes on and
 * dependents run without that input. */
static const struct {
    bool halt;      /* its level ends, nothing later starts */
    bool roll_back; /* and then the handlers of completed nodes run */
} failure_matrix[NODE_FAILURE_COUNT][DAG_FAILURE_COUNT] = {
    [NODE_FAILURE_STOP] =
        {[DAG_FAILURE_FAIL_FAST] = {true, false}, [DAG_FAILURE_COMPENSATE] = {true, true}},
    [NODE_FAILURE_COMPENSATE] = {[DAG_FAILURE_FAIL_FAST] = {true, true},
                                 [DAG_FAILURE_CONTINUE] = {true, true},
                                 [DAG_FAILURE_COMPENSATE] = {true, true}},
};

static enum node_failure failure_of(const struct run *run, const struct step *s)
{
    const struct dag_node *node = &run->dag->nodes[s->node];
    const struct timeout_policy *policy = dag_timeout_policy(run->dag, node);

    if (s->timed_out && policy->on_timeout == TIMEOUT_ACTION_COMPENSATE)
        return NODE_FAILURE_COMPENSATE;
    return node->on_failure;
}

void schedule_apply_failure(struct run *run, uint32_t node)
{
    const struct step *s = &run->steps[node];
    enum node_failure failure = failure_of(run, s);
    uint32_t level = run->dag->nodes[node].level;

    if (failure_matrix[failure][run->dag->on_failure].roll_back)
        run->roll_back = true;
    if (failure_matrix[failure][run->dag->on_failure].halt && level < run->halt_level) {
        run->halt_level = level;
        run->halt_node = node;
    }
}

static void unblock(struct run *run, uint32_t node)
{
    struct step *s = &run->steps[node];

    if (s->state != NODE_PENDING)
        return; /* restored as ended */
    step_move(run, s, NODE_EV_UNBLOCKED);
    /* What had begun before a crash comes first, and goes on behind a halt. */
    heap_set(&run->ready, node, step_begun(s) ? -1 : (int64_t)run->dag->nodes[node].level);
}

static void open_level(struct run *run, uint32_t level)
{
    const struct dag_level *l = &run->dag->levels[level];

    run->level = level;
    for (uint32_t i = 0; i < l->count; i++)
        unblock(run, run->dag->order[l->first + i]);
}

void schedule_node_ended(struct run *run, uint32_t node)
{
    const struct dag_node *n = &run->dag->nodes[node];

    assert(run->level_left[n->level] > 0);
    run->level_left[n->level]--;
    if (run->steps[node].state == NODE_FAILED)
        schedule_apply_failure(run, node);
    for (uint32_t i = 0; i < n->dependent_count; i++) {
        uint32_t dependent = n->dependents[i];

        run->deps_left[dependent]--;
        if (run->deps_left[dependent] == 0 && !run->opt.deterministic_mode)
            unblock(run, dependent);
    }
}

static void count_open(struct run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        const struct dag_node *n = &run->dag->nodes[i];

        if (node_state_final(run->steps[i].state))
            continue;
        run->level_left[n->level]++;
        for (uint32_t d = 0; d < n->dependent_count; d++)
            run->deps_left[n->dependents[d]]++;
    }
}

/* From what is restored, or from nothing: the facts decide what is open. */
void schedule_begin(struct run *run)
{
    count_open(run);
    for (uint32_t i = 0; i < run->count; i++) {
        if (run->steps[i].state == NODE_FAILED)
            schedule_apply_failure(run, i);
    }
    if (run->opt.deterministic_mode) {
        open_level(run, 0);
        return;
    }
    for (uint32_t i = 0; i < run->count; i++) {
        if (run->deps_left[i] == 0)
            unblock(run, i);
    }
}

static void open_levels(struct run *run)
{
    if (!run->opt.deterministic_mode)
        return;
    while (run->level_left[run->level] == 0 && run->level + 1 < run->dag->level_count &&
           run->level < run->halt_level)
        open_level(run, run->level + 1);
}

/* The next node in (level, id) order that may start, or NULL. */
static struct step *next_ready(struct run *run)
{
    const struct heap_entry *first = heap_first(&run->ready);

    if (first == NULL || first->key > (int64_t)run->halt_level)
        return NULL;
    return &run->steps[first->item];
}

/* START, SKIP or FAIL; with FAIL a reason. */
static enum node_event admission(struct run *run, struct step *s, char **ret_reason)
{
    const struct dag_node *node = &run->dag->nodes[s->node];
    struct node_scope ctx = {run, node->level};
    struct dag_scope scope = scope_of(&ctx);
    struct err e = {0};
    bool holds = node->enabled;

    *ret_reason = step_refusal_owned(run, s);
    if (*ret_reason != NULL)
        return NODE_EV_FAIL;
    if (s->admitted || step_begun(s)) /* decided before the host restarted */
        return NODE_EV_START;
    if (holds && node->condition != NULL && !expr_eval(node->condition, &scope, &holds, &e)) {
        *ret_reason = mem_printf("condition: %s", e.msg);
        return NODE_EV_FAIL;
    }
    s->admitted = holds;
    return holds ? NODE_EV_START : NODE_EV_SKIP;
}

static bool start_one(struct run *run, int64_t now)
{
    open_levels(run);

    struct step *s = next_ready(run);
    char *reason = NULL;
    if (s == NULL)
        return false;
    enum node_event ev = admission(run, s, &reason);

    if (ev == NODE_EV_START && (run->suspended || run_open_count(run) >= run->opt.max_parallel))
        return false;
    heap_remove(&run->ready, s->node);
    if (ev == NODE_EV_START && s->stage_due != RUN_NO_TIMER && s->stage_due > now)
        step_wait(run, s, now);
    else if (ev == NODE_EV_START)
        step_start(run, s, now);
    else
        step_close_take(run, s, ev, reason);
    return true;
}

static json_t *errors_of(const struct run *run)
{
    json_t *errors = json_array();

    assert(run->steps != NULL);
    for (uint32_t i = 0; i < run->count; i++) {
        const struct step *s = &run->steps[run->dag->order[i]];

        if (s->state == NODE_FAILED)
            json_array_append_new(errors, json_sprintf("Node '%s' failed: %s", step_label(run, s),
                                                       s->error != NULL ? s->error : "unknown"));
    }
    if (run->cause == STOP_RUN_TIMEOUT) {
        char seconds[32];

        jcs_number(run->dag->run_timeout_s, seconds);
        json_array_append_new(errors, json_sprintf("Run timed out after %ss", seconds));
    }
    return errors;
}

/* Cancelled wins over failed: whoever cancelled gets what was asked for. */
static enum run_event how_it_ends(const struct run *run)
{
    if (run->cause == STOP_CANCEL)
        return RUN_EV_CANCEL;
    if (run->cause == STOP_RUN_TIMEOUT || run->states[NODE_FAILED] > 0)
        return RUN_EV_FAIL;
    return RUN_EV_COMPLETE;
}

static void finish(struct run *run)
{
    run->due = RUN_NO_TIMER;
    run->errors = errors_of(run);
    run_move(run, how_it_ends(run));

    struct run_decision *d = run_decide(run, DECIDE_RUN_DONE);
    d->run.state = run->state;
    d->run.errors = run->errors;
    d->run.timed_out = run->cause == STOP_RUN_TIMEOUT;
    d->run.rolled_back = run->rolled_back;
}

/* Nothing is open and nothing may start: roll back what is owed, then end. */
static void settle(struct run *run, int64_t now)
{
    if (rollback_wanted(run)) {
        run->due = RUN_NO_TIMER; /* a rollback is not cut short */
        run_move(run, RUN_EV_ROLL_BACK);
        rollback_alloc(run);
    }
    if (run->state != RUN_ROLLING_BACK || !rollback_next(run, now))
        finish(run);
}

void run_schedule(struct run *run, int64_t now)
{
    if (run->state == RUN_ACTIVE) {
        while (start_one(run, now))
            ;
    }
    bool left =
        run->state == RUN_ACTIVE && next_ready(run) != NULL; /* suspended: it may not start */
    bool may_end = (run->state == RUN_ACTIVE && !left) || run->state == RUN_STOPPING;

    if (may_end && run_open_count(run) == 0)
        settle(run, now);
    else if (run->state == RUN_ROLLING_BACK && !rollback_next(run, now))
        finish(run);
}
