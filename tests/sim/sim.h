/* sim.h -- a seeded world around host/model/run: it owns the clock, the store and the workers, and
 * breaks them.
 *
 * One seed gives one definition, one plan of what each attempt does, and one order of events. A
 * world that crashes loses its workers and every decision that was not committed, and builds the
 * run anew from its facts. Every committed decision is checked (sim_check.c) and hashed. */
#ifndef ORCH_TESTS_SIM_SIM_H
#define ORCH_TESTS_SIM_SIM_H

#include "base/json.h"
#include "base/rng.h"
#include "model/dag/dag.h"
#include "model/run/run.h"

#define MS 1000000LL
#define NEVER INT64_MAX

#define NODES_MAX 24u
#define ATTEMPTS_OPEN_MAX (4 * NODES_MAX) /* with those that were killed and have not ended */
#define EVENTS_MAX 20000u                 /* a run that needs more does not end */

/* What the store holds about one chain of attempts. */
struct fact {
    bool known;
    enum node_state state;
    struct node_tally tally;
    json_t *outputs;
    char *error;
    bool timed_out;
};

struct facts {
    struct fact nodes[NODES_MAX];
    struct fact handlers[NODES_MAX];
    uint32_t undone[NODES_MAX]; /* nodes whose handler ended, in order */
    uint32_t undone_count;
    bool paused;
    bool cancelled;
    bool timed_out;
    enum run_state state;
};

struct worker {
    bool busy;
    struct attempt_ref ref;
    bool started;
    int64_t start_at;
    int64_t end_at;
    enum outcome class;
    json_t *input;
};

struct faults {
    unsigned commit_fails_percent;
    unsigned crash_percent; /* after a commit, before or after its acts */
    unsigned breaks_max;    /* failed commits and crashes together */
    uint32_t fail_commit;   /* this commit fails; 0: none */
    uint32_t crash_commit;  /* the world ends right behind this one; 0: none */
    unsigned infra_percent;
    bool controls; /* cancel, pause, unpause, resume at random times */
    bool stale;    /* ends of attempts that are not open */
};

struct world {
    uint64_t seed;
    struct faults faults;
    struct dag *dag;
    json_t *input;
    bool deterministic;
    bool
        calm; /* no timeouts but the attempts', all idempotent: faults must not change the result */
    struct run *run;
    int64_t now;
    int64_t began; /* of the run's timeout */
    struct rng rng;
    struct facts facts;
    struct worker workers[ATTEMPTS_OPEN_MAX];
    int64_t control_at;
    uint32_t commits;
    uint32_t events;
    uint32_t breaks;
    uint32_t resumes;
    uint64_t trace; /* hash of all committed decisions */
    bool down;      /* crashed, not yet recovered */
    bool ended;
    char wrong[256]; /* the first rule that was broken; "" none */
};

static inline bool chance(struct world *w, unsigned percent)
{
    return rng_below(&w->rng, 100) < percent;
}

/* sim_dag.c: a definition from a seed. */
json_t *sim_definition_owned(uint64_t seed, bool *ret_calm) must_check;

/* sim_world.c */
void world_run(struct world *w, uint64_t seed, struct faults faults);
void world_done(struct world *w);
DEFINE_AUTO_DONE(world)

/* sim_check.c: each says in w->wrong what is broken. */
void broken(struct world *w, const char *fmt, ...) printf_like(2, 3);
void check_decision(struct world *w, const struct facts *before, const struct run_decision *d);
void check_recovered(struct world *w);
void check_end(struct world *w);
/* Two worlds of one seed, one of them calm, the other with faults. */
void check_same_result(struct world *w, const struct world *calm);

/* sim_store.c: facts own their texts and JSON. */
void facts_apply(struct facts *s, const struct run_decision *d);
void facts_copy(struct facts *to, const struct facts *from);
void facts_done(struct facts *f);

/* sim_workers.c */
void worker_start(struct world *w, const struct run_decision *d);
void worker_stop(struct world *w, const struct run_decision *d);
void worker_free(struct worker *k);
void workers_kill(struct world *w);
/* The one that does something next, and when; NULL and NEVER when none is busy. */
struct worker *worker_next(struct world *w, int64_t *ret_at);
json_t *worker_outputs_owned(const struct worker *k) must_check;

#endif
