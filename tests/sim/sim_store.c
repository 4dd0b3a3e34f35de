/* sim_store.c -- the facts: what is committed decision by decision, and nothing else. */
#include "sim.h"

#include "base/mem.h"

static void fact_hold(struct fact *f)
{
    json_incref(f->outputs);
    f->error = mem_str(f->error);
}

static void fact_release(struct fact *f)
{
    json_decref(f->outputs);
    free(f->error);
}

void facts_copy(struct facts *to, const struct facts *from)
{
    *to = *from;
    for (uint32_t i = 0; i < NODES_MAX; i++) {
        fact_hold(&to->nodes[i]);
        fact_hold(&to->handlers[i]);
    }
}

void facts_done(struct facts *f)
{
    for (uint32_t i = 0; i < NODES_MAX; i++) {
        fact_release(&f->nodes[i]);
        fact_release(&f->handlers[i]);
    }
    *f = (struct facts){0};
}

static void fact_set(struct fact *f, const struct run_decision *d, enum node_state state)
{
    f->known = true;
    f->state = state;
    f->tally = d->tally;
    f->timed_out = false;
}

static void fact_end(struct fact *f, const struct run_decision *d)
{
    fact_set(f, d, d->done.state);
    f->timed_out = d->done.timed_out;
    f->outputs = json_incref(d->done.outputs);
    free(f->error);
    f->error = mem_str(d->done.error);
}

static void apply_run(struct facts *s, const struct run_decision *d)
{
    s->state = d->run.state;
    s->paused = d->run.state == RUN_PAUSED;
    if (d->kind == DECIDE_RUN_STATE && d->run.state == RUN_STOPPING) {
        s->timed_out = d->run.timed_out;
        s->cancelled = !d->run.timed_out;
    }
}

void facts_apply(struct facts *s, const struct run_decision *d)
{
    struct fact *f = d->ref.compensation ? &s->handlers[d->ref.node] : &s->nodes[d->ref.node];

    switch (d->kind) {
    case DECIDE_START_ATTEMPT:
        fact_set(f, d, NODE_QUEUED);
        break;
    case DECIDE_STOP_ATTEMPT:
        fact_set(f, d, NODE_STOPPING);
        break;
    case DECIDE_ATTEMPT_DONE:
        if (d->done.state == NODE_WAITING)
            fact_set(f, d, NODE_WAITING);
        break;
    case DECIDE_NODE_AGAIN:
        fact_set(f, d, NODE_PENDING);
        break;
    case DECIDE_COMPENSATION_DONE:
        s->undone[s->undone_count++] = d->ref.node;
        fact_end(f, d);
        break;
    case DECIDE_NODE_DONE:
        fact_end(f, d);
        break;
    default:
        apply_run(s, d);
    }
}
