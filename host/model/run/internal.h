/* internal.h -- the inside of a run, for the files of this folder.
 *
 *   run.c       events, timers                     schedule.c  which node starts next, the end
 *   step.c      a chain of attempts: start, stop   step_end.c  how an attempt ended, what follows
 *   rollback.c  compensation handlers in order     judge.c     retry or not, and when
 *   input.c     what a node gets and gives         restore.c   facts from the store
 *   why.c       what an open node waits for        heap.c      deadlines and ready nodes, in order
 *   decide.c    notes decisions, moves the state   outcome.c   the error class of an attempt
 *
 * An event function checks and moves the state, does its part through step_*, and ends with
 * run_schedule(), the only place where attempts of new nodes start and the run ends. */
#ifndef ORCH_MODEL_RUN_INTERNAL_H
#define ORCH_MODEL_RUN_INTERNAL_H

#include "base/json.h"
#include "model/dag/dag.h"
#include "model/run/heap.h"
#include "model/run/run.h"

enum { HELD_AFTER = 2 }; /* one may pass by itself */

enum stop_cause {
    STOP_NONE,
    STOP_CANCEL,
    STOP_RUN_TIMEOUT,
    STOP_NODE_TIMEOUT,
    STOP_QUEUE_TIMEOUT,
    STOP_PREEMPT, /* the others go over it */
};

/* One chain of attempts: a node's, or its compensation handler's. */
struct step {
    uint32_t node;
    bool compensation;
    enum node_state state;
    struct node_tally tally;
    enum outcome class;    /* of the last attempt that ended */
    enum stop_cause cause; /* STOPPING: why */
    bool timed_out;
    bool told;         /* restored */
    bool lost;         /* restored with an open attempt, whose host is gone */
    bool admitted;     /* its condition held; not asked again */
    int64_t waited_ns; /* restored in a delay: how much of it is over */
    uint32_t holds;    /* attempts in a row that the host could not run, in this process */
    int64_t node_due;  /* end of all attempts; RUN_NO_TIMER: none */
    /* QUEUED: queue timeout; STOPPING: kill; WAITING, and before it when restored: next attempt */
    int64_t stage_due;
    json_t *input;   /* of the attempts since the run was started or last resumed */
    json_t *outputs; /* COMPLETED */
    char *error;
    char *error_class;
    enum error_source error_source;
    char *label; /* handlers: "compensate_<node>"; nodes: NULL, the id is the dag's */
};

struct run {
    const struct dag *dag;
    struct run_options opt;
    json_t *input;
    uint32_t count; /* of nodes */
    enum run_state state;
    enum stop_cause cause; /* STOPPING: why; the first stands */

    struct step *steps;
    struct step *handlers;             /* NULL until a rollback begins or is restored */
    uint32_t states[NODE_STATE_COUNT]; /* how many nodes are in each */

    struct heap ready;    /* READY nodes, by level and id */
    uint32_t *deps_left;  /* without levels: dependencies that have not ended */
    uint32_t *level_left; /* nodes of the level that have not ended */
    uint32_t level;       /* the open one */
    uint32_t halt_level;  /* nothing above it starts any more */
    uint32_t halt_node;   /* who said so */
    bool roll_back;       /* owed, once the level has ended */
    uint32_t rolling;     /* how many of dag->order are still to be looked at, from the end */
    bool rolled_back;     /* a handler was decided */
    bool suspended;       /* no attempt starts any more in this process */
    uint32_t held;        /* steps that are (step_held) */

    int64_t due;        /* the run's timeout; RUN_NO_TIMER: none */
    struct heap timers; /* steps with a deadline; item `count` is the handler under way */

    json_t *errors; /* built at the end */
    struct run_decision *decisions;
    uint32_t head, tail, cap;
    char **spent; /* texts that decisions of this event may name and nobody else has any more */
    uint32_t spent_count, spent_cap;
};

/* decide.c */
struct run_decision *run_decide(struct run *run, enum run_decision_kind kind);
struct run_decision *run_decide_step(struct run *run, enum run_decision_kind kind,
                                     const struct step *s);
void run_spend_take(struct run *run, char *text); /* lives until the next event; NULL: nothing */
void run_drop_spent(struct run *run);
void run_move(struct run *run, enum run_event ev); /* the caller knows that it is allowed */
uint32_t run_open_count(const struct run *run);    /* nodes that hold a place */

/* run.c */
void run_event_begin(struct run *run);
void run_stop_all(struct run *run, enum stop_cause cause, int64_t now);
static inline int64_t ns_of(double seconds)
{
    return (int64_t)(seconds * 1e9);
}

/* step.c */
void step_init(struct step *s, uint32_t node, bool compensation);
void step_done(struct step *s);
void step_reset(struct step *s); /* forgets what earlier attempts left */
void step_drop_error(struct step *s);
void step_move(struct run *run, struct step *s, enum node_event ev);
void step_arm(struct run *run, struct step *s); /* after a change of node_due or stage_due */
void step_start(struct run *run, struct step *s, int64_t now);
/* The same for one that was restored in a delay between attempts, of which something is left. */
void step_wait(struct run *run, struct step *s, int64_t now);
void step_stop(struct run *run, struct step *s, enum stop_cause cause, int64_t now);
void step_due(struct run *run, struct step *s, int64_t now);
void step_preempt(struct run *run, struct step *s, int64_t now);
bool step_held(const struct step *s);
bool step_begun(const struct step *s); /* had an attempt since the start or last resume */
/* NULL, or why a step must not start (again) after what was restored. */
char *step_refusal_owned(const struct run *run, const struct step *s) must_check;
const char *step_label(const struct run *run, const struct step *s);
const char *step_agent(const struct run *run, const struct step *s);
const struct retry_policy *step_retry_policy(const struct run *run, const struct step *s);
const struct timeout_policy *step_timeout_policy(const struct run *run, const struct step *s);

/* step_end.c */
void step_ended(struct run *run, struct step *s, const struct attempt_outcome *outcome,
                int64_t now);
/* Tells how the attempt ended that was open when its host ended, and what becomes of the step. */
void step_lost(struct run *run, struct step *s, enum node_state becomes);
/* Ends a step without (another) attempt; the reason is taken, NULL keeps what there is. */
void step_close_take(struct run *run, struct step *s, enum node_event ev, char *reason);
/* Notes that a deadline of the node has passed; FAIL or SKIP. */
enum node_event step_time_out(struct run *run, struct step *s, enum stop_cause cause) must_check;

/* judge.c: pure */
bool judge_retry(const struct retry_policy *policy, bool repeatable, const struct node_tally *tally,
                 enum outcome class, const char *error_class) must_check;
/* Jitter depends on the seed, the step and the attempt, not on the order of events. */
int64_t judge_delay_ns(const struct retry_policy *policy, const struct step *s,
                       uint64_t seed) must_check;
uint64_t judge_seed(uint64_t run_seed, const struct step *s);

/* input.c */
struct node_scope {
    const struct run *run;
    uint32_t level;
};
struct dag_scope scope_of(struct node_scope *ctx); /* borrows ctx */
json_t *input_for_node_owned(const struct run *run, uint32_t index) must_check;
json_t *input_for_handler_owned(const struct run *run, uint32_t node) must_check;
json_t *outputs_wrap_owned(json_t *value) must_check;

/* schedule.c */
void run_schedule(struct run *run, int64_t now);
void schedule_begin(struct run *run);
void schedule_node_ended(struct run *run, uint32_t node);
void schedule_apply_failure(struct run *run, uint32_t node);

/* rollback.c */
void rollback_alloc(struct run *run);
bool rollback_next(struct run *run, int64_t now); /* false: all is done */
bool rollback_wanted(const struct run *run);

#endif
