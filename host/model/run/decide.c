/* decide.c -- what every part of a run does to it: note a decision, move its state, count. */
#include "base/mem.h"
#include "model/run/internal.h"

#include <assert.h>

struct run_decision *run_decide(struct run *run, enum run_decision_kind kind)
{
    if (run->tail == run->cap) {
        run->cap = run->cap > 0 ? 2 * run->cap : 4; /* a run that waits keeps it */
        run->decisions = mem_resize(run->decisions, run->cap, sizeof *run->decisions);
    }
    struct run_decision *d = &run->decisions[run->tail++];

    *d = (struct run_decision){.kind = kind};
    return d;
}

struct run_decision *run_decide_step(struct run *run, enum run_decision_kind kind,
                                     const struct step *s)
{
    struct run_decision *d = run_decide(run, kind);

    d->ref = (struct attempt_ref){s->node, s->tally.attempts, s->compensation};
    d->tally = s->tally;
    return d;
}

void run_spend_take(struct run *run, char *text)
{
    if (text == NULL)
        return;
    if (run->spent_count == run->spent_cap) {
        run->spent_cap = run->spent_cap > 0 ? 2 * run->spent_cap : 16;
        run->spent = mem_resize(run->spent, run->spent_cap, sizeof *run->spent);
    }
    run->spent[run->spent_count++] = text;
}

void run_drop_spent(struct run *run)
{
    while (run->spent_count > 0)
        free(run->spent[--run->spent_count]);
}

uint32_t run_open_count(const struct run *run)
{
    return run->states[NODE_QUEUED] + run->states[NODE_RUNNING] + run->states[NODE_WAITING] +
           run->states[NODE_STOPPING];
}

void run_move(struct run *run, enum run_event ev)
{
    enum run_state to;
    bool allowed = run_state_next(run->state, ev, &to, NULL);

    assert(allowed);
    if (to == run->state)
        return;
    run->state = to;
    if (run_state_final(to))
        return;
    struct run_decision *d = run_decide(run, DECIDE_RUN_STATE);

    d->run.state = to;
    d->run.timed_out = run->cause == STOP_RUN_TIMEOUT;
}
