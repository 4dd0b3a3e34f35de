/* active_run.h -- one run in this process: its machine, what the ledger must remember of it while
 * it lives, and the batches that are on their way. Inside the engine only.
 *
 * Owned by the table of runs (runs.h) once it is in it. It is freed once it has ended (or was
 * dropped) and no batch of it is in flight. */
#ifndef ORCH_ENGINE_RUNS_ACTIVE_RUN_H
#define ORCH_ENGINE_RUNS_ACTIVE_RUN_H

#include "base/clock.h"
#include "base/hash.h"
#include "base/json_thread.h"
#include "base/timers.h"
#include "base/uuid.h"
#include "engine/catalog/dag_cache.h"
#include "engine/runs/deadlines.h"
#include "engine/runs/gate.h"
#include "lanes/worker.h"
#include "model/ledger/event.h"
#include "model/ledger/layers.h"
#include "model/run/run.h"
#include "sandbox/client/client.h"

#include <sys/queue.h>
#include <uthash.h>

struct attempt_order;
struct entry;
struct engine_env;

/* A completed node's outputs as text: canonical, and as rows hold it. */
struct node_texts {
    struct buf canonical, compact;
};

/* What a completed or running node leaves for its record. */
struct node_fact {
    struct sha256_hex input_hash;  /* of the last attempt's input */
    struct sha256_hex output_hash; /* "" unless completed */
    struct sha256_hex chain_hash;  /* "" unless completed */
    struct node_texts texts;       /* from the attempt's end on; of a sink until the run's end */
    size_t output_bytes;           /* as kept: of the longer text; 0 unless completed */
    char *record;                  /* canonical JSON, owned; NULL unless completed */
    int64_t started_us;            /* first attempt; 0 before */
    int64_t ended_us;
    int64_t attempt_started_us; /* last attempt at the sandbox */
    struct lane_worker worker;  /* of the last attempt, once the sandbox had it */
    const char *lane;           /* the worker's; NULL: the default */
    char plugin[256];           /* of the last attempt */
    struct sha256_hex plugin_digest;
    enum profile profile;       /* of the last attempt at the sandbox; PURE before it */
    struct layer_facts sandbox; /* of the last attempt, once it had its input */
    uint32_t preempted;         /* attempts, ever */
};

enum run_place {
    PLACE_WAITING, /* admitted to the table, waits at its gate or for one of runs-active-max */
    PLACE_ACTIVE,
    PLACE_ENDED, /* out of the counts; goes when its last batch is done */
};

/* Of a task: what was told of its life, and what is to be (commit/task_events.h). */
struct task_life {
    const char *told;            /* its last status, of a literal; NULL: none by this host */
    uint32_t attempt;            /* that has a worker, or had one last; 0: the run itself has */
    bool began;                  /* with that worker */
    int64_t leased_us, begun_us; /* to be told; 0: not */
    int64_t tell_ns;             /* by when; 0: at the next commit */
};

struct active_run {
    const struct engine_env *env;
    enum run_place place;
    char run_id[UUID_TEXT_BYTES];
    char trace_id[33];
    char restart_of[UUID_TEXT_BYTES]; /* the run that it restarts; "": none */
    char *tenant;
    char *task_id;      /* of a lane's task; NULL: it is none */
    char *task_lane;    /* of a task of a lane that runs a DAG; NULL: the DAG is the lane's own */
    json_t *started_by; /* {actor, reason, ticket} until its first event has it; NULL afterwards */
    struct dag_use *use;
    const struct dag *dag; /* of use */
    struct run *run;
    json_t *input;
    json_t *pins;                    /* runs/pins.h; NULL: none, as a host of before began it */
    struct run_deadlines *deadlines; /* NULL: none (runs/deadlines.h) */
    json_t *compensations;           /* array: facts in the order they came */
    struct sha256_hex inputs_hash;
    struct sha256_hex chain_hash; /* of the run; set when it has ended */
    enum run_state final_state;   /* the same */
    enum outcome failed_class;    /* of the first node that failed here; INVALID: none */
    uint32_t failed_node;         /* the same */
    struct event_chain chain;
    struct node_fact *nodes; /* dag->node_count */
    int64_t created_us, started_us, ended_us;
    int64_t base_us, base_boot_us; /* of active_run_wall_us: the two clocks at one moment */
    uint64_t seed;
    int32_t task_priority; /* of a lane's task, in its lane; 0: it is none */
    struct task_life life;
    struct gate *gate;   /* what it waits at before it begins; NULL: nothing, ever */
    bool task_first;     /* it is to stand in front of its priority when it comes into its lane */
    size_t kept_bytes;   /* of all completed nodes' outputs */
    size_t output_bytes; /* of those without dependents: the run's output */
    size_t compensation_bytes; /* inputs and errors in compensations */
    uint32_t in_flight;        /* batches */
    uint32_t rebuilds;         /* after refused commits */
    uint32_t held;             /* of its nodes, as the table has counted them (runs_changed) */
    struct timer timer;        /* the machine's; in the table's heap while the run is active, in
                                  that of the gates before */
    struct err *refused;       /* set: a commit was; none behind it may happen */
    bool cancelled; /* and acknowledged: holds until the run is over, through a rollback too */
    bool deterministic, checkpoints, dropped;
    bool begun;          /* an attempt of it has had a worker, here or on the host before */
    struct entry *entry; /* of its task, in its lane's backend; entries/ alone; NULL: none */
    TAILQ_HEAD(, attempt_order) waiting; /* for a worker of their lanes; attempts/ alone */
    /* Of one with a task_lane, attempts/ alone (whole.h): its own order, what waits behind that,
     * and the lane's worker that it has, number 0: none, since then. */
    struct attempt_order *whole;
    TAILQ_HEAD(, attempt_order) held_orders;
    struct lane_worker worker;
    int64_t worker_us;
    TAILQ_ENTRY(active_run) queue; /* of its place: waiting or active */
    UT_hash_handle hh;
};

void active_run_free(struct active_run *ar); /* accepts NULL */
DEFINE_AUTO(active_run)

/* A machine for the run, not started; takes the use. input is referenced. */
struct active_run *active_run_new(const struct engine_env *env, const char *tenant,
                                  struct dag_use **use, json_t *input) must_check;

/* The run's own time, in which all its times are: that of the wall when the run came into this
 * process, and from there on as the time since boot goes. So it never goes back, and the
 * differences of its times are durations, whatever is done to the wall clock; and it is right after
 * the machine was suspended, which stands in them too. */
int64_t active_run_wall_us(const struct active_run *ar);
/* Its rows tell of this time: its own is not before it. */
void active_run_not_before(struct active_run *ar, int64_t wall_us);

/* The node's attempt ended well: both texts of read are taken, for the node's end which follows.
 * ERR_TOO_LARGE when the output is more than the run may keep or give: then its end could not be
 * committed, and nothing is taken. */
bool active_run_take_output(struct active_run *ar, uint32_t node, struct json_read *read,
                            struct err *e) must_check;
/* Of the outputs with which the node is completed; written now when there are none: its end was
 * loaded and not lived through. */
const struct node_texts *active_run_texts(struct active_run *ar, uint32_t node,
                                          const json_t *outputs) must_check;
void active_run_drop_texts(struct active_run *ar, uint32_t node);

/* Of a task, else nothing: the sandbox took the attempt for its worker; the attempt has begun. To
 * be told by the run's next commit, at TASK_TELL_NS behind the second. */
#define TASK_TELL_NS (20LL * 1000 * 1000)
void active_run_leased(struct active_run *ar, uint32_t attempt);
void active_run_begun(struct active_run *ar);
/* When its machine has something to do, or it something to tell; RUN_NO_TIMER: never. */
int64_t active_run_next_timer(const struct active_run *ar) must_check;

/* [[ID, ...], ...]: its DAG's nodes, level by level, as its row has them; the caller owns it. */
char *active_run_levels_owned(const struct active_run *ar) must_check;
/* The lane of a task; NULL: it is none. */
const char *active_run_lane(const struct active_run *ar) must_check;
/* A node without mappings gets the run's input as it is: the agent of a lane does. */
bool active_run_input_as_is(const struct active_run *ar) must_check;
/* A worker has the task, or is about to; what waits for one does not run. */
bool active_run_task_runs(const struct active_run *ar) must_check;

/* The bytes that an output takes: its longer text, as an object. */
size_t outputs_bytes(const struct buf *canonical, const struct buf *compact);
/* The node is completed with an output of so many bytes. */
void active_run_keep(struct active_run *ar, uint32_t node, size_t bytes);
/* Of the completed nodes' records, in level order, then node id; *ret_count: how many they are. */
struct sha256_hex active_run_chain_hash(const struct active_run *ar, size_t *ret_count) must_check;

#endif
