/* past.h -- what the store has of one run, read beside the loop: its row, the end of its chain, its
 * nodes with what they gave, their attempts and records; all of it parsed, and each output compared
 * with its hash. What a run is built from (load.h).
 *
 * Whoever needs a run's past waits for it with nothing decided (past_await), and looks again at
 * what may have changed meanwhile when he has it. It keeps a use of the run's definition. What was
 * read is the thread's until then (store/beside.h); afterwards it is the waiter's, who frees it.
 *
 * Inside the engine only; loop thread. */
#ifndef ORCH_ENGINE_RUNS_PAST_H
#define ORCH_ENGINE_RUNS_PAST_H

#include "base/auto.h"
#include "engine/runs/active_run.h"
#include "store/reader.h"

enum past_kind {
    PAST_GOES_ON, /* with all that the nodes gave, and the texts of what is the run's own output */
    PAST_COPIED,  /* with the texts of all that they gave */
    PAST_OVER,    /* compared, and forgotten: who completed is all that is asked */
};

/* The last attempt of a node's handler. */
struct past_handler {
    bool told;
    enum node_state state;
    struct node_tally tally;
    int64_t started_us;
    char *error;
};

/* Of one node. What is owned here is moved into the run that is built (load.h). */
struct past_node {
    bool stored; /* it has a row */
    struct node_past
        past; /* its outputs: NULL when they were deleted; its waited_ns is not known */
    int64_t last_ended_us; /* its last attempt; past.class says how */
    struct node_fact fact;
    size_t output_bytes;
    bool record_damaged;
    char *error; /* past.error */
    struct past_handler handler;
};

struct past {
    enum past_kind kind;
    struct err failed; /* code set: the row, the definition or the chain; nothing else is there */
    struct store_run_list row; /* with bodies */
    struct dag_use *use;
    uint32_t node_count; /* of nodes; 0: they were not read */
    json_t *input;
    json_t *pins;                 /* runs/pins.h; NULL: none */
    struct store_event_list last; /* the newest event, if there is one */
    struct err nodes_failed;      /* code set: what is said of the nodes cannot be used */
    struct past_node *nodes;      /* as the definition has them */
    unsigned loaded, mismatched;  /* outputs, by whether they have their hash */
};

void past_free(struct past *p); /* accepts NULL */
DEFINE_AUTO(past)

struct past_wait {
    void (*ready)(void *arg, struct past *past); /* once, in a later turn; takes the past */
    void (*drop)(void *arg); /* in its place, when the engine is freed: some of it is already */
    void *arg;
};
/* row: the run's head; borrowed for the call. */
void past_await(const struct engine_env *env, struct dag_cache *dags, const struct store_run *row,
                enum past_kind kind, const struct past_wait *wait);

#endif
