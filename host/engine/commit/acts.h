/* acts.h -- what is to be done once a batch of a run is durable: the list that a commit leaves
 * behind for the turn (turn.c), which alone carries it out. Owned by its commit. */
#ifndef ORCH_ENGINE_COMMIT_ACTS_H
#define ORCH_ENGINE_COMMIT_ACTS_H

#include "api/api.h"
#include "engine/attempts/order.h"
#include "engine/runs/active_run.h"

#define NO_NODE UINT32_MAX

enum act_kind { ACT_START, ACT_STOP };

/* To the sandbox, in the order of the decisions. */
struct act {
    enum act_kind kind;
    struct attempt_order *order; /* START; owned until it is taken */
    struct attempt_ref ref;      /* STOP */
    bool kill;
};

/* To the streams, in the order of the run's chain. */
struct act_event {
    const char *type;   /* of a literal */
    const char *status; /* of a literal or a state table */
    uint32_t node;      /* NO_NODE: none */
    uint32_t attempt;
    int64_t wall_us;
    char *payload;
};

/* To the host's log. */
struct act_end {
    struct attempt_ref ref;
    enum outcome class;
    const char *status; /* of a literal or a state table */
    char *error;        /* NULL: none */
};

/* To the client that asked for it, once. skipped and remaining are owned. */
struct act_answer {
    api_done_fn done; /* NULL: nobody waits, or it was told */
    void *done_arg;
    void (*forget)(void *done_arg); /* instead of done, when the commit goes untold; may be NULL */
    bool created;
    json_t *skipped, *remaining;
};

struct acts {
    struct active_run *ar;
    struct err refused;  /* code set: the batch did not happen; only the answer is left */
    int64_t first_event; /* seq; 0: the batch had none */
    int64_t last_event;
    int64_t wall_us; /* when it was decided */
    struct act *attempts;
    size_t attempt_count, attempt_cap;
    struct act_event *events;
    size_t event_count, event_cap;
    struct act_end *ends; /* of attempts */
    size_t end_count, end_cap;
    char *run_error; /* with ends_run; NULL: none */
    struct act_answer answer;
    bool enqueues;   /* a task of a lane is new */
    bool ends_run;   /* a statement is due */
    bool reorders;   /* the task has another priority */
    uint32_t orders; /* that it carries out (control/carry.h) */
};

#endif
