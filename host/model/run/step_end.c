/* step_end.c -- how an attempt ended, and what follows for its step. See internal.h. */
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/run/internal.h"

#include <string.h>

/* What it said before may stand in a decision of this event: an attempt was lost, and its node is
 * refused. */
static void set_error_take(struct run *run, struct step *s, enum error_source source, char *text,
                           char *error_class)
{
    run_spend_take(run, take(s->error));
    run_spend_take(run, take(s->error_class));
    s->error = text;
    s->error_class = error_class;
    s->error_source = source;
}

/* Words from outside: bounded, and always UTF-8. */
static char *outside_text(const char *text)
{
    size_t len = strnlen(text, ERROR_TEXT_BYTES_MAX);
    auto_done(buf) b = {0};

    if (text_utf8_valid(text, len))
        return mem_strn(text, len);
    text_add_printable(&b, text, len);
    return buf_take(&b);
}

static char *timeout_text(const struct run *run, const struct step *s)
{
    char seconds[SECONDS_TEXT_BYTES];

    timeout_attempt_text(step_timeout_policy(run, s), seconds);
    return mem_printf("Node '%s' timed out after %ss", step_label(run, s), seconds);
}

static char *outcome_text(const struct run *run, const struct step *s,
                          const struct attempt_outcome *o)
{
    if (o->class == OUTCOME_TIMEOUT)
        return timeout_text(run, s);
    if (o->class == OUTCOME_UNKNOWN_AGENT)
        return mem_printf("Agent '%s' not found in registry", step_agent(run, s));
    if (o->message != NULL && o->message[0] != '\0')
        return outside_text(o->message);
    return mem_printf("the attempt ended: %s", outcome_name(o->class));
}

/* Ours, not the node's: no attempt of it. */
static void uncount_attempt(struct node_tally *t)
{
    t->counted--;
    t->used--;
    t->infra++;
}

/* A text that is made here is ours, whatever the attempt said beside it. */
static enum error_source source_of(const struct attempt_outcome *o)
{
    bool made = o->class == OUTCOME_TIMEOUT || o->class == OUTCOME_UNKNOWN_AGENT;

    return o->agents_words && !made ? ERROR_SOURCE_AGENT : ERROR_SOURCE_HOST;
}

/* Ours: one more in a row. Anything else ends the row. */
static void count_hold(struct run *run, struct step *s)
{
    bool was = step_held(s);

    s->holds = outcome_retry(s->class) == RETRY_UNCOUNTED ? s->holds + 1 : 0;
    run->held += (uint32_t)step_held(s) - (uint32_t)was;
}

/* Whatever it said when it was stopped: it does not count. */
static void note_preempted(struct run *run, struct step *s)
{
    s->class = OUTCOME_PREEMPTED;
    count_hold(run, s);
    uncount_attempt(&s->tally);
    set_error_take(run, s, ERROR_SOURCE_HOST, mem_str("stopped to make room for another attempt"),
                   mem_str(outcome_error_class(OUTCOME_PREEMPTED)));
}

static void note_outcome(struct run *run, struct step *s, const struct attempt_outcome *o)
{
    s->class = o->class;
    if (s->cause == STOP_PREEMPT && o->class != OUTCOME_OK) {
        note_preempted(run, s);
        return;
    }
    count_hold(run, s);
    if (o->class == OUTCOME_OK) {
        step_drop_error(s);
        s->outputs = outputs_wrap_owned(o->outputs);
        return;
    }
    set_error_take(run, s, source_of(o), outcome_text(run, s, o),
                   outside_text(attempt_error_class(o)));
    if (outcome_retry(o->class) == RETRY_UNCOUNTED || s->cause == STOP_QUEUE_TIMEOUT)
        uncount_attempt(&s->tally);
}

/* The node's own deadlines, in the words of the attempt's. */
static void note_timeout(struct run *run, struct step *s, enum stop_cause cause)
{
    const struct timeout_policy *policy = step_timeout_policy(run, s);
    bool queue = cause == STOP_QUEUE_TIMEOUT;
    char seconds[32];

    jcs_number(queue ? policy->queue_s : policy->node_s, seconds);
    s->class = OUTCOME_TIMEOUT;
    s->timed_out = true;
    set_error_take(run, s, ERROR_SOURCE_HOST,
                   mem_printf("Node '%s' timed out after %ss %s", step_label(run, s), seconds,
                              queue ? "waiting to start" : "over all attempts"),
                   mem_str("TimeoutError"));
}

/* What no more attempts means. on_timeout is the node's, a handler has no say. */
static enum node_event spent(const struct run *run, const struct step *s)
{
    if (s->compensation)
        return s->class == OUTCOME_UNKNOWN_AGENT ? NODE_EV_SKIP : NODE_EV_FAIL;
    if (s->timed_out && step_timeout_policy(run, s)->on_timeout == TIMEOUT_ACTION_SKIP)
        return NODE_EV_SKIP;
    return NODE_EV_FAIL;
}

enum node_event step_time_out(struct run *run, struct step *s, enum stop_cause cause)
{
    note_timeout(run, s, cause);
    return spent(run, s);
}

static enum node_event stopped(struct run *run, struct step *s)
{
    if (s->cause == STOP_CANCEL || s->cause == STOP_RUN_TIMEOUT)
        return NODE_EV_CANCEL;
    return step_time_out(run, s, s->cause);
}

static enum node_event verdict(struct run *run, struct step *s, int64_t now)
{
    const struct retry_policy *policy = step_retry_policy(run, s);
    /* Ours, and no worker had it yet: to start it anew is to start it. */
    bool untouched = s->state == NODE_QUEUED && outcome_retry(s->class) == RETRY_UNCOUNTED;
    bool repeatable = s->compensation || run->dag->nodes[s->node].idempotent || untouched;

    if (s->class == OUTCOME_OK)
        return NODE_EV_SUCCEED;
    if (s->cause == STOP_PREEMPT) {
        s->cause = STOP_NONE;
        s->stage_due = now;
        return NODE_EV_RETRY;
    }
    if (s->state == NODE_STOPPING)
        return stopped(run, s);
    if (judge_retry(policy, repeatable, &s->tally, s->class, s->error_class)) {
        s->stage_due = now + judge_delay_ns(policy, s, judge_seed(run->opt.seed, s));
        return NODE_EV_RETRY;
    }
    s->timed_out = s->class == OUTCOME_TIMEOUT;
    return spent(run, s);
}

static struct run_decision *decide_done(struct run *run, enum run_decision_kind kind,
                                        const struct step *s)
{
    struct run_decision *d = run_decide_step(run, kind, s);

    d->done.state = s->state;
    d->done.class = s->class;
    d->done.error = s->error;
    d->done.error_class = s->error_class;
    d->done.error_source = s->error_source;
    d->done.input = s->input;
    d->done.outputs = s->outputs;
    d->done.handler = s->compensation ? step_agent(run, s) : NULL;
    d->done.retry_at_ns = s->stage_due;
    d->done.timed_out = s->timed_out;
    return d;
}

static void close_step(struct run *run, struct step *s)
{
    s->node_due = s->stage_due = RUN_NO_TIMER;
    step_arm(run, s);
    decide_done(run, s->compensation ? DECIDE_COMPENSATION_DONE : DECIDE_NODE_DONE, s);
    if (!s->compensation)
        schedule_node_ended(run, s->node);
}

void step_close_take(struct run *run, struct step *s, enum node_event ev, char *reason)
{
    if (reason != NULL)
        set_error_take(run, s, ERROR_SOURCE_HOST, reason, mem_str("RuntimeError"));
    step_move(run, s, ev);
    close_step(run, s);
}

void step_lost(struct run *run, struct step *s, enum node_state becomes)
{
    s->class = OUTCOME_INFRA;
    set_error_take(run, s, ERROR_SOURCE_HOST,
                   mem_printf("attempt %u was lost with its host", s->tally.attempts),
                   mem_str(outcome_error_class(OUTCOME_INFRA)));
    decide_done(run, DECIDE_ATTEMPT_DONE, s)->done.state = becomes;
}

void step_ended(struct run *run, struct step *s, const struct attempt_outcome *outcome, int64_t now)
{
    note_outcome(run, s, outcome);
    step_move(run, s, verdict(run, s, now));
    decide_done(run, DECIDE_ATTEMPT_DONE, s);
    if (node_state_final(s->state))
        close_step(run, s);
    else
        step_arm(run, s);
}
