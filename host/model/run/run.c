/* run.c -- the events of a run and its timers. See run.h. */
#include "model/run/run.h"

#include "base/mem.h"
#include "model/run/internal.h"

#include <assert.h>

static struct run_options options_of(const struct dag *dag, const struct run_options *given)
{
    struct run_options opt = *given;

    if (opt.max_parallel == 0)
        opt.max_parallel = dag->max_parallel_nodes;
    if (opt.grace_ns == 0)
        opt.grace_ns = RUN_GRACE_NS;
    return opt;
}

struct run *run_new(const struct dag *dag, const struct run_options *opt)
{
    assert(dag->valid && dag->node_count > 0 && dag->node_count < UINT32_MAX);
    struct run *run = mem_new(struct run);

    run->dag = dag;
    run->opt = options_of(dag, opt);
    assert(run->opt.max_parallel > 0);
    run->input = opt->input != NULL ? json_incref(opt->input) : json_object();
    run->count = (uint32_t)dag->node_count;
    run->state = RUN_NEW;
    run->steps = mem_array(run->count, struct step);
    for (uint32_t i = 0; i < run->count; i++)
        step_init(&run->steps[i], i, false);
    run->states[NODE_PENDING] = run->count;
    run->deps_left = mem_array(run->count, uint32_t);
    run->level_left = mem_array(dag->level_count, uint32_t);
    run->halt_level = UINT32_MAX;
    run->rolling = run->count;
    run->due = RUN_NO_TIMER;
    heap_init(&run->ready, run->count);
    heap_init(&run->timers, run->count + 1);
    return run;
}

void run_free(struct run *run)
{
    if (run == NULL)
        return;
    run_drop_spent(run);
    for (uint32_t i = 0; i < run->count; i++) {
        step_done(&run->steps[i]);
        if (run->handlers != NULL)
            step_done(&run->handlers[i]);
    }
    heap_done(&run->ready);
    heap_done(&run->timers);
    json_decref(run->input);
    json_decref(run->errors);
    free(run->steps);
    free(run->handlers);
    free(run->deps_left);
    free(run->level_left);
    free(run->decisions);
    free(run->spent);
    free(run);
}

/* Decisions ----------------------------------------------------------------------------------- */

bool run_next(struct run *run, struct run_decision *ret)
{
    if (run->head == run->tail)
        return false;
    *ret = run->decisions[run->head++];
    return true;
}

/* A caller that did not drain would lose facts: its bug. */
void run_event_begin(struct run *run)
{
    assert(run->head == run->tail);
    run->head = run->tail = 0;
    run_drop_spent(run);
}

/* State --------------------------------------------------------------------------------------- */

void run_stop_all(struct run *run, enum stop_cause cause, int64_t now)
{
    if (run->state == RUN_STOPPING)
        return; /* the first cause stands */
    run->cause = cause;
    run->due = RUN_NO_TIMER;
    /* A run that is out of time has no failed node, but a dag that compensates still must. */
    if (cause == STOP_RUN_TIMEOUT && run->dag->on_failure == DAG_FAILURE_COMPENSATE)
        run->roll_back = true;
    run_move(run, RUN_EV_STOP);
    for (uint32_t i = 0; i < run->count; i++)
        step_stop(run, &run->steps[i], cause, now);
}

/* Refuses without touching anything. */
static bool allowed(const struct run *run, enum run_event ev, struct err *e)
{
    enum run_state to;

    return run_state_next(run->state, ev, &to, e);
}

bool run_cancel(struct run *run, int64_t now, struct err *e)
{
    run_event_begin(run);
    if (!allowed(run, RUN_EV_STOP, e))
        return false;
    run_stop_all(run, STOP_CANCEL, now);
    run_schedule(run, now);
    return true;
}

bool run_pause(struct run *run, int64_t now, struct err *e)
{
    run_event_begin(run);
    if (!allowed(run, RUN_EV_PAUSE, e))
        return false;
    run_move(run, RUN_EV_PAUSE);
    run_schedule(run, now);
    return true;
}

bool run_unpause(struct run *run, int64_t now, struct err *e)
{
    run_event_begin(run);
    if (!allowed(run, RUN_EV_UNPAUSE, e))
        return false;
    run_move(run, RUN_EV_UNPAUSE);
    for (uint32_t i = 0; i < run->count; i++) {
        struct step *s = &run->steps[i];

        if (s->state == NODE_WAITING && s->stage_due == RUN_NO_TIMER && !run->suspended)
            step_start(run, s, now);
    }
    run_schedule(run, now);
    return true;
}

void run_suspend(struct run *run)
{
    run->suspended = true;
}

/* Attempts ------------------------------------------------------------------------------------ */

static bool find_open(const struct run *run, struct attempt_ref ref, struct step **ret,
                      struct err *e)
{
    struct step *steps = ref.compensation ? run->handlers : run->steps;

    if (steps == NULL || ref.node >= run->count)
        return err_set(e, ERR_CONFLICT, "no step %u", ref.node);
    struct step *s = &steps[ref.node];
    bool open = s->state == NODE_QUEUED || s->state == NODE_RUNNING || s->state == NODE_STOPPING;

    if (!open || s->tally.attempts != ref.attempt)
        return err_set(e, ERR_CONFLICT, "attempt %u of '%s' is not open", ref.attempt,
                       step_label(run, s));
    *ret = s;
    return true;
}

bool run_attempt_started(struct run *run, struct attempt_ref ref, struct err *e)
{
    struct step *s;
    enum node_state to;

    run_event_begin(run);
    if (!find_open(run, ref, &s, e) || !node_state_next(s->state, NODE_EV_STARTED, &to, e))
        return false;
    if (s->state == NODE_QUEUED)
        s->stage_due = RUN_NO_TIMER;
    step_move(run, s, NODE_EV_STARTED);
    step_arm(run, s);
    return true;
}

bool run_attempt_ended(struct run *run, struct attempt_ref ref,
                       const struct attempt_outcome *outcome, int64_t now, struct err *e)
{
    struct step *s;

    run_event_begin(run);
    if (!find_open(run, ref, &s, e))
        return false;
    step_ended(run, s, outcome, now);
    run_schedule(run, now);
    return true;
}

bool run_preempt(struct run *run, struct attempt_ref ref, int64_t now, struct err *e)
{
    struct step *s;
    enum node_state to;

    run_event_begin(run);
    if (!find_open(run, ref, &s, e) || !node_state_next(s->state, NODE_EV_STOP, &to, e))
        return false;
    if (s->compensation || !run->dag->nodes[s->node].idempotent)
        return err_set(e, ERR_CONFLICT, "'%s' may not be begun again", step_label(run, s));
    step_preempt(run, s, now);
    return true;
}

/* Timers -------------------------------------------------------------------------------------- */

int64_t run_next_timer(const struct run *run)
{
    const struct heap_entry *first = heap_first(&run->timers);

    return first != NULL && first->key < run->due ? first->key : run->due;
}

/* The handler under way has the last item of the timers. */
static struct step *timer_step(struct run *run, uint32_t item)
{
    return item < run->count ? &run->steps[item]
                             : &run->handlers[run->dag->order[run->rolling - 1]];
}

void run_tick(struct run *run, int64_t now)
{
    run_event_begin(run);
    if (run->due <= now)
        run_stop_all(run, STOP_RUN_TIMEOUT, now);
    for (const struct heap_entry *first = heap_first(&run->timers);
         first != NULL && first->key <= now; first = heap_first(&run->timers))
        step_due(run, timer_step(run, first->item), now);
    run_schedule(run, now);
}

/* Reading ------------------------------------------------------------------------------------- */

enum run_state run_state(const struct run *run)
{
    return run->state;
}

struct node_view run_node(const struct run *run, uint32_t node)
{
    assert(node < run->count);
    const struct step *s = &run->steps[node];

    return (struct node_view){
        .state = s->state,
        .tally = s->tally,
        .class = s->class,
        .error = s->error,
        .error_class = s->error_class,
        .outputs = s->outputs,
        .timed_out = s->timed_out,
    };
}

uint32_t run_node_count(const struct run *run, enum node_state state)
{
    assert(state < NODE_STATE_COUNT);
    return run->states[state];
}

uint32_t run_held_count(const struct run *run)
{
    return run->held;
}

static const char *reason_of(const struct step *steps, uint32_t count)
{
    for (uint32_t i = 0; steps != NULL && i < count; i++) {
        if (step_held(&steps[i]) && steps[i].error != NULL)
            return steps[i].error;
    }
    return NULL;
}

const char *run_held_reason(const struct run *run)
{
    const char *reason = NULL;

    if (run->held > 0)
        reason = reason_of(run->steps, run->count);
    if (run->held > 0 && reason == NULL)
        reason = reason_of(run->handlers, run->count);
    return reason;
}
