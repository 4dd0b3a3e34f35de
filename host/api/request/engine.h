/* engine.h -- what a request may have changed, and by whom: one call of struct api_engine a change.
 *
 * The host implements the calls. It answers each exactly once with the given api_done_fn, during
 * the call or in a later turn of the loop, after the commit ("commit, then tell"). Loop thread.
 *
 * What a call is given is borrowed for its length, but for the JSON of definitions (api_publish,
 * the patch of dag_update): that is taken. It is the last reference to all of it, for a thread of
 * the host reads it and frees it while the loop goes on (jansson counts references atomically, but
 * does not order what is freed behind them). */
#ifndef ORCH_API_REQUEST_ENGINE_H
#define ORCH_API_REQUEST_ENGINE_H

#include "base/err.h"
#include "lanes/lanes.h"
#include "store/rows_letters.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct deadline;
struct lane_members;
struct store_backfill;
struct store_backfill_mark;
struct store_firing;
struct store_quota;
struct store_schedule;
struct store_schedule_move;

/* Who caused a change: for the audit entry and the ledger event. Texts are never NULL. */
struct api_actor {
    const char *tenant;
    const char *subject;
    const char *reason; /* X-Stella-Reason or X-Stella-Operator-Reason, "" */
    const char *ticket;
    const char *trace_id;    /* 32 hex digits */
    const char *traceparent; /* of the span this request is, to hand on */
};

/* The code of a start that found as many runs of its key as may go on, and is skipped for it. */
#define API_SKIPPED "CONCURRENCY_SKIPPED"

/* How a call ended. Everything is borrowed for the length of the callback; texts that do not apply
 * are NULL. */
struct api_outcome {
    const struct err *e;     /* NULL: it worked */
    const char *code;        /* UPPER_SNAKE for problem+json; NULL: the err code's own */
    const json_t *findings;  /* definition findings [{error_type,message,nodes,line,column}] */
    const char *dag_id;      /* publish, update, import: what was stored */
    const char *version;     /* the same */
    const json_t *warnings;  /* the same: [{node_id,target,path,message}], legal and mostly wrong */
    const char *run_id;      /* run_* */
    const char *schedule_id; /* schedule_*; the backfill's of backfill_* */
    const char *quota_id;    /* quota_change */
    const char *trace_id;    /* run_start, run_restart */
    bool created;            /* false: it was there already (idempotent repeat) */
    bool completed;          /* run_resume: the run had completed, so nothing is done */
    const json_t *skipped;   /* run_resume: node ids that will not run again */
    const json_t *remaining; /* run_resume: node ids that may run */
    int64_t count;           /* checkpoints_delete: how many; secret_put: the version */
};

typedef void (*api_done_fn)(void *done_arg, const struct api_outcome *outcome);

enum api_definition_form {
    API_DEFINITION_JSON, /* a GreenLang or StellaOps object */
    API_DEFINITION_TEXT, /* a string: YAML or JSON text */
};

struct api_publish {
    enum api_definition_form form;
    json_t *json;          /* taken */
    json_t *signature;     /* taken; DSSE envelope or NULL */
    bool dag_id_generated; /* GreenLang create: derive the id from name and nodes, and refuse an
                              id that exists; otherwise the id in the definition, a new version */
};

/* The due time of a schedule that a start is for: reached in the same commit, or neither is. */
struct api_firing {
    const char *schedule_id;
    int64_t due_us;
    /* Where the schedule stands behind it (store/batch.h); from_us 0: it is not fired by the
     * calendar. */
    int64_t from_us, next_due_us, next_fire_us;
    bool again; /* something else became of it before: it was queued, missed, skipped */
    /* NULL: none; what runs it again. It waited for this due time, and does for that one. */
    const char *backfill_id;
    int64_t backfill_next_us;
};

struct api_run_start {
    const char *dag_id;
    const char *version;   /* NULL: the newest enabled */
    const json_t *inputs;  /* an object, never NULL */
    const char *run_token; /* NULL: none, every start is a new run */
    bool checkpoint_enabled;
    bool deterministic_mode;
    const struct api_firing *firing; /* NULL: none */
    int32_t task_priority; /* of a task, in its lane; its id is the token; 0: it is none */
    const char *task_lane; /* of a task whose DAG is not its lane's own; NULL */
    bool task_first;       /* as api_task says */
    const char *replay_of; /* as api_task says */
    const struct deadline *deadline; /* in place of the DAG's; NULL: the DAG's */
};

/* A task for a lane (LANES_KIT.md 3). */
struct api_task {
    const char *lane;
    const char *task_id;
    const json_t *payload;
    int32_t priority;
    const json_t *retry; /* a policy in place of the lane's; NULL: the lane's */
    double timeout_s;    /* in place of the lane's; 0: the lane's */
    bool force;          /* into a lane that has max_depth tasks, too */
    bool first; /* before all of the tenant's that wait with its priority, until it is tried again
                   or the host restarts; one that is there already stays where it is */
    /* The dead letter that it is made of, which says so from the same commit on; ERR_CONFLICT: it
     * is there no more. NULL: none. */
    const char *replay_of;
};

/* Dead letters that go, as they were read, and the snapshot of them that stays. */
struct api_letters_clear {
    struct store_dead_snapshot snapshot;
    const struct api_letter_seen {
        const char *dead_letter_id;
        int64_t deaths;
    } * letters;
    size_t count;
};

struct api_task_priority {
    const char *run_id;
    int32_t priority;
};

/* A task that has not ended, and what is asked of it. */
struct api_task_of {
    const char *tenant, *run_id, *lane;
    int32_t priority;
    bool place; /* with its place, which costs a walk over the lane */
};

/* Of it, as this host knows. */
struct api_task_now {
    bool here;                 /* the host has it; if not, only express is known */
    bool express;              /* for its lane's express workers */
    bool runs;                 /* a worker has it, since started_us */
    int64_t started_us;        /* 0 of one that does not run */
    struct lane_worker worker; /* that has it; none of one that does not run */
    uint32_t position; /* of one that waits for a worker, 1: the next; 0: it does not wait */
    bool at_once;      /* it is taken as soon as the loop turns */
    int32_t priority;  /* of one that waits, as it counts by now */
};

struct api_run_restart {
    const char *run_id;
    const char *from_node; /* NULL: from the start */
    const json_t *inputs;  /* NULL: the same */
};

struct api_lane_change {
    const char *lane;
    const struct lane_members *members; /* those that are said (lanes/members.h) */
    bool must_be_there; /* it is paused or resumed, where it is not so already; else it is made */
    int32_t slots_by;   /* so many more or fewer than it has, from 1 to LANE_SLOTS_MAX; it must be
                           there, and nothing else is said of its slots; 0: as it has */
};

/* What is done with a quota; each but the first and the last is the row with another version. */
enum api_quota_deed {
    API_QUOTA_PUT,
    API_QUOTA_CHANGE,
    API_QUOTA_PAUSE,
    API_QUOTA_RESUME,
    API_QUOTA_DELETE, /* of the version that was read */
};
struct api_quota_change {
    enum api_quota_deed deed;
    const struct store_quota *row; /* as it is to be */
};

/* Whether new runs and tasks are refused, by an operator's word. */
struct api_shed {
    bool on;
    const char *reason; /* NULL when it is off; valid for the call */
    int64_t since_us;   /* the same */
    bool automatic;     /* by its own marks, and by nobody's word */
};
enum { API_SHED_RETRY_S = 30 }; /* who is refused may ask again */

struct api_secret_put {
    const char *name;
    const void *boxed; /* sealed by the client to the authority's box key */
    size_t boxed_len;
    const char *target_version; /* NULL: the next */
};

struct api_idempotency {
    const char *tenant;
    const char *key;
    const char *path;         /* method and path: "POST /runs" */
    const char *request_hash; /* SHA-256 of the body, hex */
    int status;
    const char *body; /* the JSON text that was answered */
};

/* State that only the host has; plain values, filled synchronously. */
struct api_health {
    bool live;
    bool ready;     /* false while no run is admitted, or when the store or supervisor failed */
    bool accepting; /* new runs are admitted */
    uint32_t runs_active;
    uint32_t runs_active_max;
    uint32_t runs_queued;
    const json_t *checks;      /* object name -> {status, detail}; borrowed until the next call */
    const json_t *queue_depth; /* object tenant -> number; borrowed likewise */
    const char *checkpoint_strategy; /* "sqlite", "database" */
    const json_t *degraded; /* array of reasons: it is ready, but not for all; borrowed likewise */
    const char *not_ready_reason;
};

struct api_engine {
    void *arg;

    void (*dag_publish)(void *arg, const struct api_actor *who, const struct api_publish *what,
                        api_done_fn done, void *done_arg);
    /* patch: the members to change; a partial node merges into the existing node. A new version.
     * Taken. */
    void (*dag_update)(void *arg, const struct api_actor *who, const char *dag_id, json_t *patch,
                       api_done_fn done, void *done_arg);
    void (*dag_delete)(void *arg, const struct api_actor *who, const char *dag_id, api_done_fn done,
                       void *done_arg);
    void (*dag_disable)(void *arg, const struct api_actor *who, const char *dag_id,
                        const char *version, api_done_fn done, void *done_arg);

    void (*run_start)(void *arg, const struct api_actor *who, const struct api_run_start *what,
                      api_done_fn done, void *done_arg);
    /* Idempotent for a run that is being cancelled; ERR_CONFLICT for one that has ended. */
    void (*run_cancel)(void *arg, const struct api_actor *who, const char *run_id, api_done_fn done,
                       void *done_arg);
    void (*run_resume)(void *arg, const struct api_actor *who, const char *run_id, api_done_fn done,
                       void *done_arg);
    void (*run_pause)(void *arg, const struct api_actor *who, const char *run_id, bool pause,
                      api_done_fn done, void *done_arg);
    void (*run_restart)(void *arg, const struct api_actor *who, const struct api_run_restart *what,
                        api_done_fn done, void *done_arg);
    void (*checkpoints_delete)(void *arg, const struct api_actor *who, const char *run_id,
                               api_done_fn done, void *done_arg);

    /* A new row; the same row changed: whether it is paused and what it waits for; and away. */
    void (*schedule_put)(void *arg, const struct api_actor *who,
                         const struct store_schedule *schedule, api_done_fn done, void *done_arg);
    void (*schedule_pause)(void *arg, const struct api_actor *who,
                           const struct store_schedule_move *move, api_done_fn done,
                           void *done_arg);
    void (*schedule_delete)(void *arg, const struct api_actor *who, const char *schedule_id,
                            api_done_fn done, void *done_arg);
    /* Its due time is reached by hand; cancels: the run before is asked to end. As run_start. */
    void (*schedule_fire)(void *arg, const struct api_actor *who,
                          const struct store_schedule *schedule, int64_t due_us, bool cancels,
                          api_done_fn done, void *done_arg);
    /* A new row, which begins to run; and what an operator says of one: ERR_CONFLICT, it is over.
     */
    void (*backfill_put)(void *arg, const struct api_actor *who,
                         const struct store_backfill *backfill, api_done_fn done, void *done_arg);
    void (*backfill_mark)(void *arg, const struct api_actor *who,
                          const struct store_backfill_mark *mark, api_done_fn done, void *done_arg);
    /* What became of a due time that starts nothing; one that was reached before stays. */
    void (*schedule_note)(void *arg, const struct store_firing *firing, api_done_fn done,
                          void *done_arg);

    void (*secret_put)(void *arg, const struct api_actor *who, const struct api_secret_put *what,
                       api_done_fn done, void *done_arg);
    void (*secret_delete)(void *arg, const struct api_actor *who, const char *name,
                          api_done_fn done, void *done_arg);
    /* Done when every event committed so far is under a signed head of its tenant's ledger. */
    void (*ledger_seal)(void *arg, const char *tenant, api_done_fn done, void *done_arg);
    /* The lanes of this host (docs/API.md), an array; the caller owns it. */
    json_t *(*lanes_owned)(void *arg);
    /* Their workers, an object (docs/API.md); the caller owns it. */
    json_t *(*workers_owned)(void *arg);
    uint32_t (*workers_active)(void *arg); /* as mcp_active_workers tells */
    /* On this host; who->reason says why. One that is so already is no error. */
    void (*shed_switch)(void *arg, const struct api_actor *who, bool on, api_done_fn done,
                        void *done_arg);
    struct api_shed (*shed_now)(void *arg);
    /* What is switched off in all of them; lane_change of LANE_ALL switches it. */
    struct lane_routing (*lane_routing)(void *arg);
    /* In effect here when it is done, and soon on every host of the store. */
    void (*lane_change)(void *arg, const struct api_actor *who, const struct api_lane_change *what,
                        api_done_fn done, void *done_arg);
    /* The same of a quota. ERR_CONFLICT: the tenant has one of this job type (QUOTA_EXISTS) or as
     * many as it may (QUOTAS_MAX), or this one is not as it was read. */
    void (*quota_change)(void *arg, const struct api_actor *who,
                         const struct api_quota_change *what, api_done_fn done, void *done_arg);
    /* What the tenant's quotas hold back on this host (docs/API.md); the caller owns it. */
    json_t *(*quotas_owned)(void *arg, const char *tenant);
    /* Tasks of the tenant that run on this host; lane NULL: of all lanes. */
    uint32_t (*tasks_running)(void *arg, const char *tenant, const char *lane);
    /* Of the lane the running task of the lowest priority below 5 is stopped and waits again;
     * run_id is whose, NULL: none could be. ERR_NOT_FOUND with LANE_NOT_FOUND. */
    void (*lane_preempt)(void *arg, const struct api_actor *who, const char *lane, api_done_fn done,
                         void *done_arg);
    /* A run of the lane's own DAG, whose token is the task's id. The same task again is answered
     * with its run (created is false); ERR_CONFLICT with TASK_CONFLICT for another one of its id,
     * ERR_NOT_FOUND with LANE_NOT_FOUND, ERR_UNPROCESSABLE with LANE_HAS_NO_AGENT. */
    void (*task_enqueue)(void *arg, const struct api_actor *who, const struct api_task *what,
                         api_done_fn done, void *done_arg);
    /* It waits with another priority; ERR_CONFLICT: it does not wait. */
    void (*task_prioritize)(void *arg, const struct api_actor *who,
                            const struct api_task_priority *what, api_done_fn done, void *done_arg);
    /* All of them, or none: ERR_CONFLICT, one has changed since. */
    void (*letters_clear)(void *arg, const struct api_actor *who,
                          const struct api_letters_clear *what, api_done_fn done, void *done_arg);
    void (*task_now)(void *arg, const struct api_task_of *of, struct api_task_now *ret);
    /* Why the run does not go on, as this host decides it: {status, reasons: [{reason, detail,
     * ahead, until?, step?, behind?}] (max at most; those with "behind" last), more}; NULL: it is
     * not here. The caller owns it. */
    json_t *(*run_why_owned)(void *arg, const char *tenant, const char *run_id, uint32_t max);
    const char *(*host_id)(void *arg); /* this host's, as in /hosts; valid for the call */
    /* Brings the gauges up to date that are told only when somebody asks. */
    void (*gauges)(void *arg);
    /* Every bundle and its verdict (docs/API.md): {"settled", "items"}; the caller owns it. */
    json_t *(*plugins_owned)(void *arg, const char *tenant);
    /* Tries a quarantined plugin again, by its digest. ERR_NOT_FOUND for one that is not, or that
     * is not for this tenant. */
    void (*plugin_release)(void *arg, const struct api_actor *who, const char *digest,
                           api_done_fn done, void *done_arg);
    /* Takes a plugin away from every host of the store, by its digest. ERR_NOT_FOUND as above. */
    void (*plugin_remove)(void *arg, const struct api_actor *who, const char *digest,
                          api_done_fn done, void *done_arg);
    /* Takes back a token of the tenant that this host has seen; done when it opens nothing any more
     * and no stream of it hears another event. ERR_NOT_FOUND for any other. */
    void (*token_revoke)(void *arg, const struct api_actor *who, const char *token_id,
                         api_done_fn done, void *done_arg);
    /* Drops the definition cache, reads trust anew, and looks at every bundle again. */
    void (*warm)(void *arg, const struct api_actor *who, api_done_fn done, void *done_arg);

    /* Remembers an answer under (tenant, key, path); done after the commit. */
    void (*idempotency_put)(void *arg, const struct api_idempotency *what, api_done_fn done,
                            void *done_arg);

    void (*health)(void *arg, struct api_health *ret);
    /* Why a change would have to wait for the store, for the client; NULL: it would not. May be
     * NULL. */
    const char *(*store_away)(void *arg);
    /* base64 of the authority's X25519 key that clients seal secrets to; NULL: not known yet. */
    const char *(*secret_box_key)(void *arg);
};

#endif
