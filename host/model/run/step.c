/* step.c -- a chain of attempts: start, stop, deadlines. See internal.h. */
#include "base/mem.h"
#include "model/run/internal.h"

#include <assert.h>

void step_init(struct step *s, uint32_t node, bool compensation)
{
    *s = (struct step){
        .node = node,
        .compensation = compensation,
        .state = compensation ? NODE_READY : NODE_PENDING,
        .node_due = RUN_NO_TIMER,
        .stage_due = RUN_NO_TIMER,
    };
}

void step_drop_error(struct step *s)
{
    free(take(s->error));
    free(take(s->error_class));
    s->error_source = ERROR_SOURCE_NONE;
}

void step_reset(struct step *s)
{
    step_drop_error(s);
    json_decref(take(s->input));
    s->class = OUTCOME_INVALID;
    s->cause = STOP_NONE;
    s->timed_out = s->lost = s->admitted = false;
    s->tally.used = s->tally.infra = 0;
}

void step_done(struct step *s)
{
    step_drop_error(s);
    json_decref(s->input);
    json_decref(s->outputs);
    free(s->label);
}

static const struct dag_node *node_of(const struct run *run, const struct step *s)
{
    return &run->dag->nodes[s->node];
}

const char *step_label(const struct run *run, const struct step *s)
{
    return s->label != NULL ? s->label : node_of(run, s)->node_id;
}

const struct retry_policy *step_retry_policy(const struct run *run, const struct step *s)
{
    const struct retry_policy *own = node_of(run, s)->compensation.retry_policy;

    if (!s->compensation)
        return dag_retry_policy(run->dag, node_of(run, s));
    return own != NULL ? own : &retry_policy_default;
}

const struct timeout_policy *step_timeout_policy(const struct run *run, const struct step *s)
{
    const struct timeout_policy *own = node_of(run, s)->compensation.timeout_policy;

    if (!s->compensation)
        return dag_timeout_policy(run->dag, node_of(run, s));
    return own != NULL ? own : &timeout_policy_default;
}

const char *step_agent(const struct run *run, const struct step *s)
{
    const struct dag_node *node = node_of(run, s);

    return s->compensation ? node->compensation.agent_id : node->agent_id;
}

bool step_begun(const struct step *s)
{
    return s->tally.used + s->tally.infra > 0;
}

/* A worker that has it shows that the trouble is over; one behind it may show that it is not. */
bool step_held(const struct step *s)
{
    return s->holds >= HELD_AFTER && s->state != NODE_RUNNING && !node_state_final(s->state);
}

void step_move(struct run *run, struct step *s, enum node_event ev)
{
    enum node_state to;
    bool allowed = node_state_next(s->state, ev, &to, NULL), was = step_held(s);

    assert(allowed);
    if (!s->compensation) {
        run->states[s->state]--;
        run->states[to]++;
    }
    s->state = to;
    run->held += (uint32_t)step_held(s) - (uint32_t)was;
}

void step_arm(struct run *run, struct step *s)
{
    uint32_t item = s->compensation ? run->count : s->node;
    int64_t due = s->node_due < s->stage_due ? s->node_due : s->stage_due;

    if (due == RUN_NO_TIMER)
        heap_remove(&run->timers, item);
    else
        heap_set(&run->timers, item, due);
}

static void decide_start(struct run *run, const struct step *s)
{
    const struct dag_node *node = node_of(run, s);
    struct run_decision *d = run_decide_step(run, DECIDE_START_ATTEMPT, s);

    d->start.node_id = step_label(run, s);
    d->start.agent_id = step_agent(run, s);
    d->start.config = s->compensation ? node->compensation.config : node->config;
    d->start.input = s->input;
    d->start.timeout_ns = ns_of(step_timeout_policy(run, s)->attempt_s);
    d->start.seed = judge_seed(run->opt.seed, s);
}

/* An open attempt counts; how it ends may take that back. */
static void count_attempt(struct node_tally *t)
{
    t->attempts++;
    t->counted++;
    t->used++;
}

static void begin_node_time(const struct run *run, struct step *s, int64_t now)
{
    double node_s = step_timeout_policy(run, s)->node_s;

    if (s->state == NODE_READY && node_s > 0)
        s->node_due = now + ns_of(node_s);
}

void step_wait(struct run *run, struct step *s, int64_t now)
{
    begin_node_time(run, s, now);
    step_move(run, s, NODE_EV_RETRY);
    step_arm(run, s);
}

void step_start(struct run *run, struct step *s, int64_t now)
{
    const struct timeout_policy *policy = step_timeout_policy(run, s);

    begin_node_time(run, s, now);
    s->stage_due = policy->queue_s > 0 ? now + ns_of(policy->queue_s) : RUN_NO_TIMER;
    if (s->input == NULL)
        s->input = s->compensation ? input_for_handler_owned(run, s->node)
                                   : input_for_node_owned(run, s->node);
    s->lost = false;
    count_attempt(&s->tally);
    step_move(run, s, NODE_EV_START);
    step_arm(run, s);
    decide_start(run, s);
}

char *step_refusal_owned(const struct run *run, const struct step *s)
{
    if (!s->lost)
        return NULL;
    if (!s->compensation && !node_of(run, s)->idempotent)
        return mem_printf("attempt %u was lost with its host, and the node is not idempotent",
                          s->tally.attempts);
    return NULL;
}

static void decide_stop(struct run *run, const struct step *s, bool kill)
{
    struct run_decision *d = run_decide_step(run, DECIDE_STOP_ATTEMPT, s);

    d->stop.kill = kill;
}

static void ask_to_stop(struct run *run, struct step *s, enum stop_cause cause, int64_t now)
{
    step_move(run, s, NODE_EV_STOP);
    s->cause = cause;
    s->node_due = RUN_NO_TIMER;
    s->stage_due = now + run->opt.grace_ns;
    step_arm(run, s);
    decide_stop(run, s, false);
}

/* The node's own time goes on meanwhile. */
void step_preempt(struct run *run, struct step *s, int64_t now)
{
    int64_t node_due = s->node_due;

    ask_to_stop(run, s, STOP_PREEMPT, now);
    s->node_due = node_due;
    step_arm(run, s);
}

/* It was asked already. */
static void stop_for_good(struct run *run, struct step *s, enum stop_cause cause)
{
    s->cause = cause;
    s->node_due = RUN_NO_TIMER;
    step_arm(run, s);
}

/* Only what has begun is stopped: a node without an attempt stays as it is, undone. */
void step_stop(struct run *run, struct step *s, enum stop_cause cause, int64_t now)
{
    if (s->state == NODE_QUEUED || s->state == NODE_RUNNING) {
        ask_to_stop(run, s, cause, now);
        return;
    }
    if (s->state == NODE_STOPPING && s->cause == STOP_PREEMPT) {
        stop_for_good(run, s, cause);
        return;
    }
    bool between = s->state == NODE_WAITING || s->state == NODE_READY || s->state == NODE_PENDING;

    if (!between || !step_begun(s))
        return;
    step_close_take(run, s, NODE_EV_CANCEL, NULL);
}

static void retry_due(struct run *run, struct step *s, int64_t now)
{
    if (s->node_due <= now) {
        step_close_take(run, s, step_time_out(run, s, STOP_NODE_TIMEOUT), NULL);
        return;
    }
    if (run->state == RUN_PAUSED || run->suspended) { /* run_unpause, or the next host, starts it */
        s->stage_due = RUN_NO_TIMER;
        step_arm(run, s);
        return;
    }
    step_start(run, s, now);
}

void step_due(struct run *run, struct step *s, int64_t now)
{
    assert(!node_state_final(s->state));
    if (s->state == NODE_WAITING) {
        retry_due(run, s, now);
        return;
    }
    if (s->state != NODE_STOPPING) {
        ask_to_stop(run, s, s->node_due <= now ? STOP_NODE_TIMEOUT : STOP_QUEUE_TIMEOUT, now);
        return;
    }
    if (s->node_due <= now)
        stop_for_good(run, s, STOP_NODE_TIMEOUT);
    if (s->stage_due > now)
        return;
    s->stage_due = RUN_NO_TIMER;
    step_arm(run, s);
    decide_stop(run, s, true);
}
