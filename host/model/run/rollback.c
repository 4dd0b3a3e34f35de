/* rollback.c -- the compensation handlers, in order. See internal.h. */
#include "base/mem.h"
#include "model/run/internal.h"

#include <assert.h>

void rollback_alloc(struct run *run)
{
    if (run->handlers != NULL)
        return; /* restored */
    run->handlers = mem_array(run->count, struct step);
    for (uint32_t i = 0; i < run->count; i++)
        step_init(&run->handlers[i], i, true);
}

static bool has_handler(const struct run *run, uint32_t node)
{
    return run->steps[node].state == NODE_COMPLETED &&
           run->dag->nodes[node].compensation.agent_id != NULL;
}

/* With nothing to undo the run just ends, and can be resumed. */
bool rollback_wanted(const struct run *run)
{
    if (!run->roll_back)
        return false;
    for (uint32_t i = 0; i < run->count; i++) {
        if (has_handler(run, i))
            return true;
    }
    return false;
}

static void start_handler(struct run *run, struct step *s, int64_t now)
{
    char *refusal = step_refusal_owned(run, s);

    run->rolled_back = true;
    if (s->label == NULL)
        s->label = mem_printf("compensate_%s", run->dag->nodes[s->node].node_id);
    if (refusal != NULL)
        step_close_take(run, s, NODE_EV_FAIL, refusal);
    else
        step_start(run, s, now);
}

/* One handler at a time, in reverse order of (level, id). A failed one does not stop the rest. */
bool rollback_next(struct run *run, int64_t now)
{
    while (run->rolling > 0) {
        uint32_t node = run->dag->order[run->rolling - 1];
        struct step *s = &run->handlers[node];

        if (!has_handler(run, node) || node_state_final(s->state)) {
            run->rolled_back = run->rolled_back || has_handler(run, node);
            run->rolling--;
            continue;
        }
        if (s->state != NODE_READY || run->suspended)
            return true; /* under way, or the next host's */
        start_handler(run, s, now);
    }
    return false;
}
