/* restore.c -- a machine made anew from the facts of the store. See internal.h. */
#include "base/mem.h"
#include "model/run/internal.h"

#include <assert.h>

static bool tally_holds(const struct node_tally *t)
{
    return t->counted <= t->attempts && t->used <= t->counted &&
           t->infra <= t->attempts - t->counted;
}

static bool past_holds(const struct run *run, const struct step *s, const struct node_past *past,
                       struct err *e)
{
    const char *id = step_label(run, s);

    if (s->told)
        return err_set(e, ERR_CORRUPT, "'%s' is stored twice", id);
    if (past->state <= NODE_INVALID || past->state >= NODE_STATE_COUNT)
        return err_set(e, ERR_CORRUPT, "'%s' has no state", id);
    if (!tally_holds(&past->tally))
        return err_set(e, ERR_CORRUPT, "'%s' has attempts that do not add up", id);
    if (past->state == NODE_COMPLETED && !json_is_object(past->outputs))
        return err_set(e, ERR_CORRUPT, "'%s' is completed without outputs", id);
    return true;
}

/* An attempt that was open is lost with its host: ours, not the node's. */
static void restore_attempts(struct step *s, enum node_state was)
{
    s->lost = was == NODE_QUEUED || was == NODE_RUNNING || was == NODE_STOPPING;
    if (!s->lost || s->tally.used == 0)
        return;
    s->tally.counted--;
    s->tally.used--;
    s->tally.infra++;
}

static void restore_step(struct step *s, const struct node_past *past)
{
    s->told = true;
    s->tally = past->tally;
    s->timed_out = past->timed_out;
    s->error = mem_str(past->error);
    if (past->state == NODE_WAITING) {
        s->class = past->class;
        s->waited_ns = past->waited_ns;
    }
    if (past->state == NODE_COMPLETED)
        s->outputs = json_incref(past->outputs);
    if (node_state_final(past->state))
        s->state = past->state;
    else
        restore_attempts(s, past->state);
}

bool run_restore_node(struct run *run, uint32_t node, const struct node_past *past, struct err *e)
{
    assert(run->state == RUN_NEW);
    if (node >= run->count)
        return err_set(e, ERR_CORRUPT, "no node %u", node);
    struct step *s = &run->steps[node];

    if (!past_holds(run, s, past, e))
        return false;
    run->states[s->state]--;
    restore_step(s, past);
    run->states[s->state]++;
    return true;
}

bool run_restore_compensation(struct run *run, uint32_t node, const struct node_past *past,
                              struct err *e)
{
    assert(run->state == RUN_NEW);
    if (node >= run->count || run->dag->nodes[node].compensation.agent_id == NULL)
        return err_set(e, ERR_CORRUPT, "node %u has no handler", node);
    rollback_alloc(run);
    struct step *s = &run->handlers[node];

    if (!past_holds(run, s, past, e))
        return false;
    restore_step(s, past);
    return true;
}

static void begin(struct run *run, int64_t now)
{
    double timeout_s = run->dag->run_timeout_s;

    if (timeout_s > 0)
        run->due = now + ns_of(timeout_s) - run->opt.elapsed_ns;
    run_move(run, RUN_EV_BEGIN);
    schedule_begin(run);
}

static bool begin_refused(struct run *run, struct err *e)
{
    enum run_state to;

    run_event_begin(run);
    return !run_state_next(run->state, RUN_EV_BEGIN, &to, e);
}

bool run_start(struct run *run, int64_t now, struct err *e)
{
    if (begin_refused(run, e))
        return false;
    begin(run, now);
    run_schedule(run, now);
    return true;
}

/* What had stopped the run. Only a cancel and the run's timeout make a node cancelled, and of the
 * two only the timeout begins a rollback without a failed node. A rollback that a failed node
 * began has left the timeout behind. */
static enum stop_cause stopped_by(const struct run *run, int64_t now)
{
    bool timeout = run->dag->run_timeout_s > 0;

    if (run->opt.cancelled)
        return STOP_CANCEL;
    if (run->states[NODE_CANCELLED] > 0)
        return timeout ? STOP_RUN_TIMEOUT : STOP_CANCEL;
    if (run->handlers != NULL)
        return timeout && run->states[NODE_FAILED] == 0 ? STOP_RUN_TIMEOUT : STOP_NONE;
    return run->due <= now ? STOP_RUN_TIMEOUT : STOP_NONE;
}

/* What was open is told as ended, once: with the number that it had. */
static void tell_lost(struct run *run, struct step *steps, enum stop_cause cause)
{
    for (uint32_t i = 0; steps != NULL && i < run->count; i++) {
        struct step *s = &steps[i];
        auto_mem char *refusal = step_refusal_owned(run, s);
        bool stops = cause != STOP_NONE && !s->compensation;

        if (s->lost)
            step_lost(run, s,
                      refusal != NULL ? NODE_FAILED
                      : stops         ? NODE_CANCELLED
                                      : NODE_WAITING);
    }
}

/* Of the host's own trouble nothing is left to wait for: this is another host. */
static void keep_delays(struct run *run, int64_t now)
{
    for (uint32_t i = 0; i < run->count; i++) {
        struct step *s = &run->steps[i];

        if (node_state_final(s->state) || s->lost || s->class == OUTCOME_INVALID ||
            outcome_retry(s->class) != RETRY_POLICY)
            continue;
        s->stage_due = now - s->waited_ns +
                       judge_delay_ns(step_retry_policy(run, s), s, judge_seed(run->opt.seed, s));
    }
}

bool run_recover(struct run *run, int64_t now, struct err *e)
{
    if (begin_refused(run, e))
        return false;
    begin(run, now);

    enum stop_cause cause = stopped_by(run, now);
    tell_lost(run, run->steps, cause);
    tell_lost(run, run->handlers, cause);
    keep_delays(run, now);
    if (cause != STOP_NONE)
        run_stop_all(run, cause, now);
    else if (run->opt.paused)
        run_move(run, RUN_EV_PAUSE);
    run_schedule(run, now);
    return true;
}

bool run_resume(struct run *run, int64_t now, struct err *e)
{
    if (begin_refused(run, e))
        return false;
    if (run->handlers != NULL)
        return err_set(e, ERR_CONFLICT, "the run was rolled back: restart it");
    for (uint32_t i = 0; i < run->count; i++) {
        struct step *s = &run->steps[i];

        if (s->state == NODE_COMPLETED)
            continue;
        if (s->state != NODE_PENDING)
            step_move(run, s, NODE_EV_AGAIN);
        step_reset(s);
        if (s->told)
            run_decide_step(run, DECIDE_NODE_AGAIN, s);
    }
    begin(run, now);
    run_schedule(run, now);
    return true;
}

/* One pass in level order: every dependency comes before its dependents. */
void run_restart_keeps(const struct dag *dag, uint32_t from, bool *keep)
{
    for (size_t i = 0; i < dag->node_count; i++) {
        const struct dag_node *node = &dag->nodes[dag->order[i]];
        bool kept = dag->order[i] != from;

        for (uint32_t d = 0; d < node->dep_count; d++)
            kept = kept && keep[node->deps[d]];
        keep[dag->order[i]] = kept;
    }
}
