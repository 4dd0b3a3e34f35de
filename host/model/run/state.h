/* state.h -- the two state machines of a run, as tables that a person can check by eye.
 *
 * A node's table also serves its compensation handler: both are a chain of attempts. An empty cell
 * is a refusal. Pure; anybody may call. A test compares the tables with
 * tests/unit/model/run/transitions.txt, so that a new arrow shows in review as one line. */
#ifndef ORCH_MODEL_RUN_STATE_H
#define ORCH_MODEL_RUN_STATE_H

#include "base/err.h"
#include "model/words/states.h"

#include <stdbool.h>

/*     state     text              final  what it means */
#define NODE_STATE_MAP(XX)                                                                         \
    XX(PENDING, STATUS_PENDING, false)    /* a dependency or an earlier level has not ended */     \
    XX(READY, STATUS_READY, false)        /* may start; waits for a place, or for nothing */       \
    XX(QUEUED, STATUS_QUEUED, false)      /* an attempt was decided, no worker has it yet */       \
    XX(RUNNING, STATUS_RUNNING, false)    /* a worker has the attempt */                           \
    XX(WAITING, STATUS_RETRYING, false)   /* between two attempts */                               \
    XX(STOPPING, STATUS_STOPPING, false)  /* told to stop, its attempt has not ended */            \
    XX(COMPLETED, STATUS_COMPLETED, true) /* has outputs; never executed again */                  \
    XX(FAILED, STATUS_FAILED, true)       /* its attempts are spent */                             \
    XX(SKIPPED, STATUS_SKIPPED, true)     /* condition false, not enabled, timed out with skip */  \
    XX(CANCELLED, STATUS_CANCELLED, true) /* stopped with its run */

enum node_state {
    NODE_INVALID,
#define XX(name, text, final) NODE_##name,
    NODE_STATE_MAP(XX)
#undef XX
        NODE_STATE_COUNT,
};

#define NODE_EVENT_MAP(XX)                                                                         \
    XX(UNBLOCKED) /* dependencies ended, level open */                                             \
    XX(START)     /* the next attempt is decided */                                                \
    XX(STARTED)   /* a worker took the attempt */                                                  \
    XX(SUCCEED)                                                                                    \
    XX(RETRY) /* the attempt failed, the policy allows another */                                  \
    XX(FAIL)                                                                                       \
    XX(SKIP)                                                                                       \
    XX(STOP) /* cancel, or a timeout that is not the attempt's own */                              \
    XX(CANCEL)                                                                                     \
    XX(AGAIN) /* the run is resumed: evaluate once more */

enum node_event {
    NODE_EV_INVALID,
#define XX(name) NODE_EV_##name,
    NODE_EVENT_MAP(XX)
#undef XX
        NODE_EVENT_COUNT,
};

/*     state     text              final */
#define RUN_STATE_MAP(XX)                                                                          \
    XX(NEW, STATUS_PENDING, false)                                                                 \
    XX(ACTIVE, STATUS_RUNNING, false)                                                              \
    XX(PAUSED, STATUS_PAUSED, false)     /* attempts go on, nothing starts, nothing ends it */     \
    XX(STOPPING, STATUS_STOPPING, false) /* cancelled or out of time; attempts are ending */       \
    XX(ROLLING_BACK, STATUS_COMPENSATING, false)                                                   \
    XX(COMPLETED, STATUS_COMPLETED, true)                                                          \
    XX(FAILED, STATUS_FAILED, true)                                                                \
    XX(CANCELLED, STATUS_CANCELLED, true)

enum run_state {
    RUN_INVALID,
#define XX(name, text, final) RUN_##name,
    RUN_STATE_MAP(XX)
#undef XX
        RUN_STATE_COUNT,
};

#define RUN_EVENT_MAP(XX)                                                                          \
    XX(BEGIN)                                                                                      \
    XX(PAUSE)                                                                                      \
    XX(UNPAUSE)                                                                                    \
    XX(STOP)                                                                                       \
    XX(ROLL_BACK)                                                                                  \
    XX(COMPLETE)                                                                                   \
    XX(FAIL)                                                                                       \
    XX(CANCEL)

enum run_event {
    RUN_EV_INVALID,
#define XX(name) RUN_EV_##name,
    RUN_EVENT_MAP(XX)
#undef XX
        RUN_EVENT_COUNT,
};

/* ERR_CONFLICT for an empty cell. */
bool node_state_next(enum node_state from, enum node_event ev, enum node_state *ret,
                     struct err *e) must_check;
bool run_state_next(enum run_state from, enum run_event ev, enum run_state *ret,
                    struct err *e) must_check;

const char *node_state_text(enum node_state state);
const char *run_state_text(enum run_state state);

bool node_state_final(enum node_state state);
bool run_state_final(enum run_state state);

#endif
