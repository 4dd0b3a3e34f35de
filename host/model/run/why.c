/* why.c -- what an open node waits for. See internal.h. */
#include "model/run/internal.h"

#include <assert.h>

static const char *const texts[RUN_WHY_COUNT] = {
#define XX(name, text) [RUN_WHY_##name] = text,
    RUN_WHY_MAP(XX)
#undef XX
};

/* A node's state alone gives the reason, or RUN_WHY_COUNT: ask the run. */
static const uint8_t by_state[NODE_STATE_COUNT] = {
    [NODE_PENDING] = RUN_WHY_COUNT,   [NODE_READY] = RUN_WHY_COUNT,
    [NODE_QUEUED] = RUN_WHY_QUEUED,   [NODE_RUNNING] = RUN_WHY_RUNNING,
    [NODE_WAITING] = RUN_WHY_RETRY,   [NODE_STOPPING] = RUN_WHY_STOPPING,
    [NODE_COMPLETED] = RUN_WHY_ENDED, [NODE_FAILED] = RUN_WHY_ENDED,
    [NODE_SKIPPED] = RUN_WHY_ENDED,   [NODE_CANCELLED] = RUN_WHY_ENDED,
};

const char *run_why_text(enum run_why_kind kind)
{
    assert(kind < RUN_WHY_COUNT);
    return texts[kind];
}

static struct run_why because(enum run_why_kind kind)
{
    return (struct run_why){kind, RUN_WHY_NO_NODE, 0, RUN_NO_TIMER};
}

static struct run_why of_state(const struct step *s, enum run_why_kind kind)
{
    struct run_why why = because(kind);

    if (kind == RUN_WHY_ENDED)
        return why;
    if (kind == RUN_WHY_RETRY && outcome_retry(s->class) == RETRY_UNCOUNTED)
        why.kind = RUN_WHY_HELD;
    why.number = s->tally.attempts;
    why.until_ns = s->stage_due < s->node_due ? s->stage_due : s->node_due;
    return why;
}

/* The run as a whole keeps the node from starting; COUNT: it does not. */
static enum run_why_kind of_run(const struct run *run)
{
    switch (run->state) {
    case RUN_NEW:
        return RUN_WHY_NOT_STARTED;
    case RUN_PAUSED:
        return RUN_WHY_PAUSED;
    case RUN_STOPPING:
        return RUN_WHY_CANCELLED;
    case RUN_ROLLING_BACK:
        return RUN_WHY_ROLLING_BACK;
    default:
        return run_state_final(run->state) ? RUN_WHY_RUN_ENDED : RUN_WHY_COUNT;
    }
}

static struct run_why behind(enum run_why_kind kind, uint32_t node)
{
    struct run_why why = because(kind);

    why.node = node;
    return why;
}

static struct run_why of_dependency(const struct run *run, const struct dag_node *node)
{
    for (uint32_t i = 0; i < node->dep_count; i++) {
        if (!node_state_final(run->steps[node->deps[i]].state))
            return behind(RUN_WHY_DEPENDENCY, node->deps[i]);
    }
    const struct dag_level *level = &run->dag->levels[run->level];

    for (uint32_t i = 0; i < level->count; i++) {
        uint32_t other = run->dag->order[level->first + i];

        if (!node_state_final(run->steps[other].state))
            return behind(RUN_WHY_LEVEL, other);
    }
    assert(false); /* an open node has something open before it */
    return because(RUN_WHY_LEVEL);
}

struct run_why run_why(const struct run *run, uint32_t index)
{
    assert(index < run->count);
    const struct dag_node *node = &run->dag->nodes[index];
    const struct step *s = &run->steps[index];
    enum run_why_kind kind = by_state[s->state];

    if (kind != RUN_WHY_COUNT)
        return of_state(s, kind);
    kind = of_run(run);
    if (kind != RUN_WHY_COUNT)
        return because(kind);
    if (node->level > run->halt_level && !step_begun(s))
        return behind(RUN_WHY_HALTED, run->halt_node);
    if (s->state == NODE_PENDING)
        return of_dependency(run, node);
    struct run_why why = because(RUN_WHY_PARALLEL);

    why.number = run->opt.max_parallel;
    return why;
}
