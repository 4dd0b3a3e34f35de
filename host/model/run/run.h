/* run.h -- one run of a dag: events in, decisions out.
 *
 * Pure: no clock, store, socket, log, thread, and no randomness but the seed. Times are monotonic
 * nanoseconds that the caller read; they never go back. One thread at a time per run.
 *
 * The caller gives one event, then drains run_next() until it is false (asserted at the next
 * event), commits everything it drained in one batch, and acts only after the commit: it may lose
 * the acts, never the facts. When a commit fails or the process dies, it drops the run and builds
 * it anew from what is stored: run_new, run_restore_* for each stored fact, run_recover. The
 * machine does not depend on an act having happened; an attempt that nobody reports stays open.
 *
 * A run owns everything that it hands out; a pointer in a decision is valid until the next event.
 * Whoever keeps JSON longer takes a reference (json_incref) and does not change it.
 *
 * Rules: DESIGN.md 5, contract/greenlang.md 1.3-1.6 and 4. A level ends before the next begins
 * (deterministic mode), a node holds its place in max_parallel_nodes from its first attempt until
 * it has ended, delays included. Conditions and mappings see the outputs of completed nodes of
 * lower levels only, so that what a node gets does not depend on timing. */
#ifndef ORCH_MODEL_RUN_RUN_H
#define ORCH_MODEL_RUN_RUN_H

#include "base/buf.h"
#include "model/run/outcome.h"
#include "model/run/state.h"

#include <stdint.h>

struct dag;
struct run;

#define RUN_GRACE_NS 5000000000LL /* between "please stop" and the kill */
#define RUN_NO_TIMER INT64_MAX

struct run_options {
    uint64_t seed;           /* jitter and the agents' seeds; stored with the run */
    bool deterministic_mode; /* false: a node starts as soon as its dependencies have ended */
    uint32_t max_parallel;   /* 0: the dag's max_parallel_nodes */
    json_t *input;           /* the run's input, borrowed: the run takes a reference; NULL: {} */
    bool input_as_is;        /* a node without mappings gets it and nothing else */
    int64_t grace_ns;        /* 0: RUN_GRACE_NS */
    int64_t elapsed_ns;      /* recover: how much of the run's timeout is used up */
    bool paused;             /* recover: it was paused */
    bool cancelled;          /* recover: cancel was acknowledged */
};

/* Borrows the dag, which must be valid and outlive the run. Never NULL. */
struct run *run_new(const struct dag *dag, const struct run_options *opt) must_check;
void run_free(struct run *run); /* accepts NULL */
DEFINE_AUTO(run)

/* Which attempt. node indexes dag->nodes; attempts count from 1, never repeat within a run id and
 * go on after a resume. compensation: of the node's handler, counted apart. */
struct attempt_ref {
    uint32_t node;
    uint32_t attempt;
    bool compensation;
};

/* What a chain of attempts has used. Store it as it stands in the last decision about the node
 * and hand it back to run_restore_*. */
struct node_tally {
    uint32_t attempts; /* numbers given out, ever: the last attempt's */
    uint32_t counted;  /* of those, ended or open, without infra and preempted: attempt_count */
    uint32_t used;     /* counted since the run was started or last resumed */
    uint32_t infra;    /* not counted since then */
};

/* -- Restore: after run_new, before the first event ------------------------------------------- */

/* state: as last decided. QUEUED, RUNNING and STOPPING say that an attempt was open: it is lost. */
struct node_past {
    enum node_state state;
    struct node_tally tally;
    json_t *outputs;   /* COMPLETED: as NODE_DONE gave them */
    const char *error; /* may be NULL */
    bool timed_out;
    /* WAITING: how the last attempt ended and how long ago; INVALID: not known, nobody waits */
    enum outcome class;
    int64_t waited_ns;
};

/* Refuses a node that is not in the dag, a node told twice, COMPLETED without outputs. */
bool run_restore_node(struct run *run, uint32_t node, const struct node_past *past,
                      struct err *e) must_check;
/* Only what COMPENSATION_DONE said, or open attempts of a handler. */
bool run_restore_compensation(struct run *run, uint32_t node, const struct node_past *past,
                              struct err *e) must_check;
/* For a restart from a node: keep[i] is true for a node that is neither `from` nor downstream of
 * it. keep has dag->node_count places. A kept completed node is restored into the new run. */
void run_restart_keeps(const struct dag *dag, uint32_t from, bool *keep);

/* -- Events: each is followed by draining run_next -------------------------------------------- */

/* ERR_CONFLICT in a state that refuses the event, and nothing has changed. */
bool run_start(struct run *run, int64_t now, struct err *e) must_check;
/* After a crash or a takeover: every restored fact stands, open attempts are told as ended with
 * infra (a node with idempotent false fails by it), what is left of a node's delay between attempts
 * is waited for unless the delay was the host's own, and a node's timeout begins anew. */
bool run_recover(struct run *run, int64_t now, struct err *e) must_check;
/* Of a run that had ended: completed nodes stay, all others are evaluated again with a full
 * retry budget and going-on attempt numbers. Refused after a rollback. A run that was cancelled or
 * paused is so no more. */
bool run_resume(struct run *run, int64_t now, struct err *e) must_check;

/* A worker has the attempt. Ends the wait that queue_timeout_seconds bounds. */
bool run_attempt_started(struct run *run, struct attempt_ref ref, struct err *e) must_check;
/* Exactly one for each START_ATTEMPT. ERR_CONFLICT for an attempt that is not open. */
bool run_attempt_ended(struct run *run, struct attempt_ref ref,
                       const struct attempt_outcome *outcome, int64_t now,
                       struct err *e) must_check;

/* The attempt is to make room for another one: cooperative, then firm. However it ends then, but
 * for well, it is PREEMPTED: not counted, and the node begins another one at once. A cancel, the
 * run's and the node's time-out go over it. Refused, and nothing has changed, for an attempt that
 * is not open or is stopped already, a handler's, and a node that is not idempotent. */
bool run_preempt(struct run *run, struct attempt_ref ref, int64_t now, struct err *e) must_check;

/* Cooperative, then firm. A second cancel changes nothing; refused while rolling back. */
bool run_cancel(struct run *run, int64_t now, struct err *e) must_check;
bool run_pause(struct run *run, int64_t now, struct err *e) must_check;
bool run_unpause(struct run *run, int64_t now, struct err *e) must_check;

/* The host is ending: from here on no attempt starts and no handler. What is open may still end,
 * and what follows from that is decided and stored; the rest is the next host's (run_recover). Not
 * an event, decides nothing, and holds for as long as the machine lives. */
void run_suspend(struct run *run);

/* Does what is due. Call at or after run_next_timer(); earlier is harmless. */
void run_tick(struct run *run, int64_t now);
int64_t run_next_timer(const struct run *run); /* RUN_NO_TIMER: none */

/* -- Decisions -------------------------------------------------------------------------------- */

enum run_decision_kind {
    DECIDE_INVALID,
    DECIDE_START_ATTEMPT,     /* start */
    DECIDE_STOP_ATTEMPT,      /* stop; it still ends with run_attempt_ended */
    DECIDE_ATTEMPT_DONE,      /* done: one attempt */
    DECIDE_NODE_DONE,         /* done: final; ref.attempt is the last, 0 when there was none */
    DECIDE_NODE_AGAIN,        /* resume: what had ended is pending once more */
    DECIDE_COMPENSATION_DONE, /* done: COMPLETED, FAILED, or SKIPPED for an unknown handler */
    DECIDE_RUN_STATE,         /* run: entered a state that is not final */
    DECIDE_RUN_DONE,          /* run: the last decision */
    DECIDE_COUNT,
};

struct run_decision {
    enum run_decision_kind kind;
    struct attempt_ref ref;  /* not for run decisions */
    struct node_tally tally; /* the same */
    union {
        struct {
            const char *node_id; /* the node's, or "compensate_<node>" */
            const char *agent_id;
            json_t *config; /* NULL: none */
            json_t *input;
            int64_t timeout_ns; /* of this attempt, from its start at the worker; 0: none */
            uint64_t seed;      /* the same for each attempt of the node in the run */
        } start;
        struct {
            bool kill; /* false: ask; true: the grace is over */
        } stop;
        struct {
            enum node_state state;          /* ATTEMPT_DONE: WAITING when another follows */
            enum outcome class;             /* of the last attempt; INVALID when there was none */
            const char *error_class;        /* NULL: no error */
            const char *error;              /* NULL: no error */
            enum error_source error_source; /* of both; NONE: no error */
            json_t *input;                  /* of the attempts; NULL when this host began none */
            json_t *outputs;                /* COMPLETED */
            const char *handler;            /* COMPENSATION_DONE: the handler's agent id */
            int64_t retry_at_ns;            /* ATTEMPT_DONE with WAITING */
            bool timed_out;
        } done;
        struct {
            enum run_state state;
            json_t *errors;   /* RUN_DONE: texts in (level, id) order, the run's own last */
            bool timed_out;   /* by the run's timeout */
            bool rolled_back; /* a rollback was owed and done: resume is refused */
        } run;
    };
};

/* False when nothing is left. */
bool run_next(struct run *run, struct run_decision *ret);

/* NODE_DONE's outputs are an object: what is none becomes {"result": value}. text, which is value's
 * (compact or canonical), becomes theirs. */
void outputs_wrap_text(const json_t *value, struct buf *text);

/* -- Reading ---------------------------------------------------------------------------------- */

struct node_view {
    enum node_state state;
    struct node_tally tally;
    enum outcome class;
    const char *error;       /* NULL: none */
    const char *error_class; /* NULL: none, or not known: the node's end was restored */
    json_t *outputs;         /* NULL: none */
    bool timed_out;
};

enum run_state run_state(const struct run *run);
struct node_view run_node(const struct run *run, uint32_t node);
uint32_t run_node_count(const struct run *run, enum node_state state);
/* Steps that are held: the host could not run them twice or more in a row, and tries again. */
uint32_t run_held_count(const struct run *run);
/* Why one of them is; NULL: none is. Valid until the next event. */
const char *run_held_reason(const struct run *run);

/* -- Why is this node not done? --------------------------------------------------------------- */

#define RUN_WHY_MAP(XX)                                                                            \
    XX(ENDED, "ended")                       /* it is done */                                      \
    XX(RUN_ENDED, "run_ended")               /* it never began, the run is over */                 \
    XX(NOT_STARTED, "not_started")           /* the run has not begun */                           \
    XX(DEPENDENCY, "waiting_for_dependency") /* node: the first open one */                        \
    XX(LEVEL, "waiting_for_level")           /* node: the first open one of the level before */    \
    XX(PARALLEL, "parallel_limit")           /* number: the limit */                               \
    XX(PAUSED, "paused")                                                                           \
    XX(CANCELLED, "run_stopping")                                                                  \
    XX(HALTED, "halted_by_failure") /* node: the failed one */                                     \
    XX(ROLLING_BACK, "rolling_back")                                                               \
    XX(QUEUED, "in_queue")   /* number: the attempt; until: queue timeout */                       \
    XX(RUNNING, "running")   /* number: the attempt */                                             \
    XX(RETRY, "retry_delay") /* number: attempts so far; until: the next */                        \
    XX(HELD, "held")         /* the host could not run it (its error says why); the same two */    \
    XX(STOPPING, "stopping") /* until: the kill */

enum run_why_kind {
#define XX(name, text) RUN_WHY_##name,
    RUN_WHY_MAP(XX)
#undef XX
        RUN_WHY_COUNT,
};

#define RUN_WHY_NO_NODE UINT32_MAX

struct run_why {
    enum run_why_kind kind;
    uint32_t node;    /* RUN_WHY_NO_NODE: none */
    uint32_t number;  /* 0: none */
    int64_t until_ns; /* RUN_NO_TIMER: no known end */
};

struct run_why run_why(const struct run *run, uint32_t index);
const char *run_why_text(enum run_why_kind kind);

#endif
