/* state.c -- see state.h. */
#include "model/run/state.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* COMPLETED has no row: a completed node is never executed again. */
static const uint8_t node_table[NODE_STATE_COUNT][NODE_EVENT_COUNT] = {
    [NODE_PENDING] = {[NODE_EV_UNBLOCKED] = NODE_READY, [NODE_EV_CANCEL] = NODE_CANCELLED},
    [NODE_READY] = {[NODE_EV_START] = NODE_QUEUED,
                    [NODE_EV_RETRY] = NODE_WAITING, /* restored in a delay */
                    [NODE_EV_SKIP] = NODE_SKIPPED,
                    [NODE_EV_FAIL] = NODE_FAILED,
                    [NODE_EV_CANCEL] = NODE_CANCELLED},
    [NODE_QUEUED] = {[NODE_EV_STARTED] = NODE_RUNNING,
                     [NODE_EV_SUCCEED] = NODE_COMPLETED,
                     [NODE_EV_RETRY] = NODE_WAITING,
                     [NODE_EV_FAIL] = NODE_FAILED,
                     [NODE_EV_SKIP] = NODE_SKIPPED,
                     [NODE_EV_STOP] = NODE_STOPPING},
    [NODE_RUNNING] = {[NODE_EV_SUCCEED] = NODE_COMPLETED,
                      [NODE_EV_RETRY] = NODE_WAITING,
                      [NODE_EV_FAIL] = NODE_FAILED,
                      [NODE_EV_SKIP] = NODE_SKIPPED,
                      [NODE_EV_STOP] = NODE_STOPPING},
    [NODE_WAITING] = {[NODE_EV_START] = NODE_QUEUED,
                      [NODE_EV_FAIL] = NODE_FAILED,
                      [NODE_EV_SKIP] = NODE_SKIPPED,
                      [NODE_EV_CANCEL] = NODE_CANCELLED},
    [NODE_STOPPING] = {[NODE_EV_STARTED] = NODE_STOPPING, /* the two crossed */
                       [NODE_EV_SUCCEED] = NODE_COMPLETED,
                       [NODE_EV_RETRY] = NODE_WAITING, /* preempted */
                       [NODE_EV_FAIL] = NODE_FAILED,
                       [NODE_EV_SKIP] = NODE_SKIPPED,
                       [NODE_EV_CANCEL] = NODE_CANCELLED},
    [NODE_FAILED] = {[NODE_EV_AGAIN] = NODE_PENDING},
    [NODE_SKIPPED] = {[NODE_EV_AGAIN] = NODE_PENDING},
    [NODE_CANCELLED] = {[NODE_EV_AGAIN] = NODE_PENDING},
};
static_assert(NODE_STATE_COUNT <= UINT8_MAX, "states fit the table's cell");

static const uint8_t run_table[RUN_STATE_COUNT][RUN_EVENT_COUNT] = {
    [RUN_NEW] = {[RUN_EV_BEGIN] = RUN_ACTIVE, [RUN_EV_STOP] = RUN_STOPPING},
    [RUN_ACTIVE] = {[RUN_EV_PAUSE] = RUN_PAUSED,
                    [RUN_EV_STOP] = RUN_STOPPING,
                    [RUN_EV_ROLL_BACK] = RUN_ROLLING_BACK,
                    [RUN_EV_COMPLETE] = RUN_COMPLETED,
                    [RUN_EV_FAIL] = RUN_FAILED},
    [RUN_PAUSED] = {[RUN_EV_UNPAUSE] = RUN_ACTIVE, [RUN_EV_STOP] = RUN_STOPPING},
    [RUN_STOPPING] = {[RUN_EV_STOP] = RUN_STOPPING,
                      [RUN_EV_ROLL_BACK] = RUN_ROLLING_BACK,
                      [RUN_EV_FAIL] = RUN_FAILED,
                      [RUN_EV_CANCEL] = RUN_CANCELLED},
    [RUN_ROLLING_BACK] = {[RUN_EV_FAIL] = RUN_FAILED, [RUN_EV_CANCEL] = RUN_CANCELLED},
};
static_assert(RUN_STATE_COUNT <= UINT8_MAX, "states fit the table's cell");

static const struct {
    const char *text;
    bool final;
} node_states[NODE_STATE_COUNT] = {[NODE_INVALID] = {"invalid", false},
#define XX(name, text, final) [NODE_##name] = {text, final},
                                   NODE_STATE_MAP(XX)
#undef XX
},
  run_states[RUN_STATE_COUNT] = {[RUN_INVALID] = {"invalid", false},
#define XX(name, text, final) [RUN_##name] = {text, final},
                                 RUN_STATE_MAP(XX)
#undef XX
};

static const char *const node_events[NODE_EVENT_COUNT] = {
#define XX(name) [NODE_EV_##name] = #name,
    NODE_EVENT_MAP(XX)
#undef XX
};

static const char *const run_events[RUN_EVENT_COUNT] = {
#define XX(name) [RUN_EV_##name] = #name,
    RUN_EVENT_MAP(XX)
#undef XX
};

bool node_state_next(enum node_state from, enum node_event ev, enum node_state *ret, struct err *e)
{
    assert(from > NODE_INVALID && from < NODE_STATE_COUNT);
    assert(ev > NODE_EV_INVALID && ev < NODE_EVENT_COUNT);

    enum node_state to = node_table[from][ev];
    if (to == NODE_INVALID)
        return err_set(e, ERR_CONFLICT, "a node that is %s refuses %s", node_states[from].text,
                       node_events[ev]);
    *ret = to;
    return true;
}

bool run_state_next(enum run_state from, enum run_event ev, enum run_state *ret, struct err *e)
{
    assert(from > RUN_INVALID && from < RUN_STATE_COUNT);
    assert(ev > RUN_EV_INVALID && ev < RUN_EVENT_COUNT);

    enum run_state to = run_table[from][ev];
    if (to == RUN_INVALID)
        return err_set(e, ERR_CONFLICT, "a run that is %s refuses %s", run_states[from].text,
                       run_events[ev]);
    *ret = to;
    return true;
}

const char *node_state_text(enum node_state state)
{
    assert(state < NODE_STATE_COUNT);
    return node_states[state].text;
}

const char *run_state_text(enum run_state state)
{
    assert(state < RUN_STATE_COUNT);
    return run_states[state].text;
}

bool node_state_final(enum node_state state)
{
    assert(state < NODE_STATE_COUNT);
    return node_states[state].final;
}

bool run_state_final(enum run_state state)
{
    assert(state < RUN_STATE_COUNT);
    return run_states[state].final;
}
