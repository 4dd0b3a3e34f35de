/* reader.h -- typed questions to the store.
 *
 * A reader owns read-only connections of its own and is used by one thread at a time, the loop's or
 * another; it never blocks the writer and is never blocked by it. Each call sees everything whose
 * completion was delivered before it. Every question takes the tenant and answers from its rows
 * alone; another tenant's row is ERR_NOT_FOUND. A function says so where NULL means all tenants:
 * that is for the host's own work, never for a request.
 *
 * Lists own their rows: `auto_done(store_run_list) runs = { 0 };`. A question for one row gives a
 * list of exactly one, or ERR_NOT_FOUND. Lists that page stop at page.size rows (1 to
 * STORE_PAGE_ROWS_MAX) or once they hold STORE_PAGE_BYTES_MAX bytes, those of runs, DAGs, secrets
 * and plugins STORE_LIST_BYTES_MAX; next_page is NULL at the end, otherwise an opaque token. A
 * token that this store did not make is ERR_INVALID. */
#ifndef ORCH_STORE_READER_H
#define ORCH_STORE_READER_H

#include "base/auto.h"
#include "base/err.h"
#include "base/limits.h"
#include "store/arena.h"
#include "store/rows.h"

#define STORE_PAGE_ROWS_MAX 500u
#define STORE_LIST_BYTES_MAX (1u * 1024 * 1024)
#define STORE_EVENT_SCAN_MAX 20000
#define STORE_STATS_RUNS_MAX 500
#define STORE_DEAD_COUNTED_MAX 100000

struct store;
struct store_reader;

bool store_reader_open(struct store *store, struct store_reader **ret, struct err *e) must_check;
void store_reader_free(struct store_reader *r); /* accepts NULL; before store_close */
DEFINE_AUTO(store_reader)

/* Every list has the same head, so that one function can fill any of them. */
struct store_list {
    void *rows;
    size_t count;
    const char *next_page; /* NULL at the end and in lists that do not page */
    struct arena *mem;
};
#define STORE_LIST(row)                                                                            \
    struct store_##row##_list {                                                                    \
        union {                                                                                    \
            struct store_list list;                                                                \
            struct {                                                                               \
                struct store_##row *rows;                                                          \
                size_t count;                                                                      \
                const char *next_page;                                                             \
                struct arena *mem;                                                                 \
            };                                                                                     \
        };                                                                                         \
    };                                                                                             \
    static inline void store_##row##_list_done(struct store_##row##_list *l)                       \
    {                                                                                              \
        arena_free(l->mem);                                                                        \
        *l = (struct store_##row##_list){0};                                                       \
    }                                                                                              \
    DEFINE_AUTO_DONE(store_##row##_list)

STORE_LIST(run)
STORE_LIST(node)
STORE_LIST(attempt)
STORE_LIST(checkpoint)
STORE_LIST(provenance)
STORE_LIST(event)
STORE_LIST(ledger)
STORE_LIST(leaf)
STORE_LIST(log)
STORE_LIST(dag)
STORE_LIST(statement)
STORE_LIST(ledger_head)
STORE_LIST(secret)
STORE_LIST(plugin)
STORE_LIST(bundle)
STORE_LIST(bundle_part)
STORE_LIST(idempotency)
STORE_LIST(revoked_token)
STORE_LIST(tenant)
STORE_LIST(identity)
STORE_LIST(order)
STORE_LIST(host)
STORE_LIST(job)
STORE_LIST(schedule)
STORE_LIST(firing)
STORE_LIST(backfill)
STORE_LIST(backfill_run)
STORE_LIST(lane)
STORE_LIST(dead_letter)
STORE_LIST(dead_snapshot)
STORE_LIST(dead_count)
STORE_LIST(dead_group)
STORE_LIST(quota)
STORE_LIST(gate)

struct store_page {
    const char *token; /* NULL: from the start */
    uint32_t size;     /* 0: 50 */
};

/* Runs, newest first: (started_us, or created_us while it waits) DESC, then run_id. */
struct store_run_filter {
    const char *tenant;
    const char *dag_id; /* NULL: any */
    const char *lane;   /* with the lane's own DAG as dag_id: its tasks, also those of other DAGs,
                           signed or not; NULL: by dag_id alone */
    uint32_t statuses;  /* 0: any; else 1u << STORE_RUN_RUNNING | ... */
    int64_t from_us;    /* inclusive; 0: none */
    int64_t to_us;      /* exclusive; 0: none */
    enum { STORE_SIGNED_OR_NOT, STORE_UNSIGNED, STORE_REFUSED } statement; /* of runs that ended */
};
bool store_read_run(struct store_reader *r, const char *tenant, const char *run_id,
                    struct store_run_list *ret, struct err *e) must_check;
/* Without input, output, levels, errors, compensations, options and agent_digests, which are NULL:
 * what a run was given and left may be 60 MB. */
bool store_read_run_head(struct store_reader *r, const char *tenant, const char *run_id,
                         struct store_run_list *ret, struct err *e) must_check;
/* Heads. */
bool store_read_runs(struct store_reader *r, const struct store_run_filter *filter,
                     struct store_page page, struct store_run_list *ret, struct err *e) must_check;
/* The page token of store_read_runs that goes on behind this one; the caller owns it. */
char *store_runs_behind_owned(const struct store_run *run) must_check;
/* The run that the same start made before: at most one head, none is no error. */
bool store_read_run_by_token(struct store_reader *r, const char *tenant, const char *run_token,
                             const char *dag_id, const char *inputs_hash,
                             struct store_run_list *ret, struct err *e) must_check;
/* The run of the tenant's task: at most one head, none is no error. */
bool store_read_task(struct store_reader *r, const char *tenant, const char *task_id,
                     struct store_run_list *ret, struct err *e) must_check;
/* For recovery: the heads of the pending, running and paused runs of all tenants that the opening
 * has (hosts.h), oldest first. */
bool store_read_unfinished(struct store_reader *r, const char *owner, int64_t epoch,
                           struct store_page page, struct store_run_list *ret,
                           struct err *e) must_check;
/* The heads of those that nobody alive has, with what they need of a host, oldest first. */
bool store_read_free_runs(struct store_reader *r, struct store_page page,
                          struct store_run_list *ret, struct err *e) must_check;
/* For unfinished runs of the opening, oldest first, all tenants'. */
bool store_read_orders(struct store_reader *r, const char *owner, int64_t epoch,
                       struct store_page page, struct store_order_list *ret,
                       struct err *e) must_check;
/* By name, and by id. */
bool store_read_jobs(struct store_reader *r, struct store_page page, struct store_job_list *ret,
                     struct err *e) must_check;
bool store_read_hosts(struct store_reader *r, struct store_page page, struct store_host_list *ret,
                      struct err *e) must_check;
/* How many runs that go on the opening has, of all tenants. */
bool store_read_runs_of(struct store_reader *r, const char *owner, int64_t epoch, int64_t *ret,
                        struct err *e) must_check;

/* For the statements that a crash left unsigned: the heads of ended runs of all tenants whose
 * statement is not stored and that nobody alive has, by run id. */
bool store_read_unsigned(struct store_reader *r, struct store_page page, struct store_run_list *ret,
                         struct err *e) must_check;

struct store_status_counts {
    int64_t of[STORE_RUN_STATUS_COUNT];
};
bool store_read_status_counts(struct store_reader *r, const char *tenant,
                              struct store_status_counts *ret, struct err *e) must_check;

/* Over the latest STORE_STATS_RUNS_MAX runs. */
struct store_slow_node {
    const char *dag_id;
    const char *node_id;
    int64_t count;
    double avg_ms;
    double p99_ms;
};
STORE_LIST(slow_node)
struct store_durations {
    double run_avg_ms;
    double node_p99_ms;
};
bool store_read_durations(struct store_reader *r, const char *tenant, struct store_durations *ret,
                          struct err *e) must_check;
/* At most 10, the slowest average first. */
bool store_read_slow_nodes(struct store_reader *r, const char *tenant,
                           struct store_slow_node_list *ret, struct err *e) must_check;

struct store_node_filter {
    const char *tenant;
    const char *run_id;
    bool outputs; /* with them; otherwise they are NULL */
};
/* Nodes by (level, node_id). */
bool store_read_nodes(struct store_reader *r, const struct store_node_filter *filter,
                      struct store_page page, struct store_node_list *ret,
                      struct err *e) must_check;
bool store_read_node(struct store_reader *r, const char *tenant, const char *run_id,
                     const char *node_id, struct store_node_list *ret, struct err *e) must_check;
/* By (node_id, attempt), compensations after the node's own; node_id NULL: the whole run's. */
bool store_read_attempts(struct store_reader *r, const char *tenant, const char *run_id,
                         const char *node_id, struct store_page page,
                         struct store_attempt_list *ret, struct err *e) must_check;
/* Both by node_id. */
bool store_read_checkpoints(struct store_reader *r, const char *tenant, const char *run_id,
                            struct store_page page, struct store_checkpoint_list *ret,
                            struct err *e) must_check;
bool store_read_provenance(struct store_reader *r, const char *tenant, const char *run_id,
                           struct store_page page, struct store_provenance_list *ret,
                           struct err *e) must_check;

struct store_log_filter {
    const char *tenant;
    const char *run_id;
    const char *node_id; /* NULL: any */
    int64_t attempt;     /* 0: any */
    int64_t after_id;    /* the cursor: rows with a greater id */
};
/* By id; rows as page.size. */
bool store_read_logs(struct store_reader *r, const struct store_log_filter *filter, uint32_t rows,
                     struct store_log_list *ret, struct err *e) must_check;

/* Events with seq > after, ascending. A call looks at no more than STORE_EVENT_SCAN_MAX events, so
 * a rare match costs no long scan: go on from *ret_next (which moves even when no row matched)
 * until it equals the tenant's newest seq. */
struct store_event_filter {
    const char *tenant;
    const char *run_id; /* NULL: any */
    const char *dag_id; /* NULL: any */
    const char *status; /* NULL: any */
};
bool store_read_events(struct store_reader *r, const struct store_event_filter *filter,
                       int64_t after, uint32_t rows, struct store_event_list *ret,
                       int64_t *ret_next, struct err *e) must_check;
/* All events of a tenant with seq > after, ascending, in one question: no number between is
 * lacking.
 */
bool store_read_events_after(struct store_reader *r, const char *tenant, int64_t after,
                             uint32_t rows, struct store_event_list *ret, struct err *e) must_check;
/* The newest event of a run: where its hash chain goes on. At most one row, none is no error. */
bool store_read_last_event(struct store_reader *r, const char *tenant, const char *run_id,
                           struct store_event_list *ret, struct err *e) must_check;
/* Oldest and newest seq; 0 and 0 when there is none. */
bool store_read_event_bounds(struct store_reader *r, const char *tenant, int64_t *ret_oldest,
                             int64_t *ret_newest, struct err *e) must_check;

/* The newest; ERR_NOT_FOUND when the run has none. */
bool store_read_statement(struct store_reader *r, const char *tenant, const char *run_id,
                          struct store_statement_list *ret, struct err *e) must_check;
/* The newest; at most one row, none is no error. */
bool store_read_ledger_head(struct store_reader *r, const char *tenant,
                            struct store_ledger_head_list *ret, struct err *e) must_check;
/* The newest made before the time, and the oldest made at it or later; at most one row. */
bool store_read_ledger_head_before(struct store_reader *r, const char *tenant, int64_t time_us,
                                   struct store_ledger_head_list *ret, struct err *e) must_check;
bool store_read_ledger_head_from(struct store_reader *r, const char *tenant, int64_t time_us,
                                 struct store_ledger_head_list *ret, struct err *e) must_check;
/* With after < seq <= upto, ascending; rows as page.size. */
bool store_read_leaves(struct store_reader *r, const char *tenant, int64_t after, int64_t upto,
                       uint32_t rows, struct store_leaf_list *ret, struct err *e) must_check;
/* All tenants that ever had an event, by name. */
bool store_read_ledgers(struct store_reader *r, struct store_page page,
                        struct store_ledger_list *ret, struct err *e) must_check;

enum store_dag_state { STORE_DAG_LIVE, STORE_DAG_ENABLED, STORE_DAG_DISABLED, STORE_DAG_ANY };
struct store_dag_filter {
    const char *tenant;
    const char *dag_id;         /* NULL: any */
    enum store_dag_state state; /* LIVE: not deleted; ANY: deleted too */
    bool heads;                 /* only the highest version of each DAG, of those with the state */
};
/* By dag_id, then version DESC; versions compare by their numbers (1.10 above 1.9; a
 * pre-release, 1.0-rc1, below its release). */
/* Without definition and signature, which are NULL. */
bool store_read_dags(struct store_reader *r, const struct store_dag_filter *filter,
                     struct store_page page, struct store_dag_list *ret, struct err *e) must_check;
/* One version, deleted ones too: runs stay pinned to theirs. */
bool store_read_dag(struct store_reader *r, const char *tenant, const char *dag_id,
                    const char *version, struct store_dag_list *ret, struct err *e) must_check;
/* The highest version with the state. */
bool store_read_dag_latest(struct store_reader *r, const char *tenant, const char *dag_id,
                           enum store_dag_state state, struct store_dag_list *ret,
                           struct err *e) must_check;
/* The same two without definition and signature. */
bool store_read_dag_head(struct store_reader *r, const char *tenant, const char *dag_id,
                         const char *version, struct store_dag_list *ret, struct err *e) must_check;
bool store_read_dag_latest_head(struct store_reader *r, const char *tenant, const char *dag_id,
                                enum store_dag_state state, struct store_dag_list *ret,
                                struct err *e) must_check;
/* How many DAGs have a live version. */
bool store_read_dag_count(struct store_reader *r, const char *tenant, int64_t *ret,
                          struct err *e) must_check;

/* Newest version of each name, without blobs, by name. */
bool store_read_secrets(struct store_reader *r, const char *tenant, struct store_page page,
                        struct store_secret_list *ret, struct err *e) must_check;
/* With its blob; version 0: the newest. */
bool store_read_secret(struct store_reader *r, const char *tenant, const char *name,
                       int64_t version, struct store_secret_list *ret, struct err *e) must_check;
/* By (plugin_id, version DESC); those of all tenants ("") too. tenant NULL: everything. */
bool store_read_plugins(struct store_reader *r, const char *tenant, struct store_page page,
                        struct store_plugin_list *ret, struct err *e) must_check;
/* Those for all tenants, also the removed ones, by (plugin_id, version, key_id) as texts. */
bool store_read_bundles(struct store_reader *r, struct store_page page,
                        struct store_bundle_list *ret, struct err *e) must_check;
/* ERR_NOT_FOUND: it has no such part (any more). */
bool store_read_bundle_part(struct store_reader *r, const char *bundle_hash, int64_t part,
                            struct store_bundle_part_list *ret, struct err *e) must_check;
/* At most one row, none is no error; an expired row is none. */
bool store_read_idempotency(struct store_reader *r, const char *tenant, const char *key,
                            const char *path, int64_t now_us, struct store_idempotency_list *ret,
                            struct err *e) must_check;
/* All tenants, for the authority at start: tokens that have not expired by themselves. */
bool store_read_revoked_tokens(struct store_reader *r, int64_t now_us, struct store_page page,
                               struct store_revoked_token_list *ret, struct err *e) must_check;
/* Which store this is: at most one row, none is no error. */
bool store_read_identity(struct store_reader *r, struct store_identity_list *ret,
                         struct err *e) must_check;
bool store_read_tenants(struct store_reader *r, struct store_page page,
                        struct store_tenant_list *ret, struct err *e) must_check;

/* What a start of the DAG, of its newest version where that is NULL, would come to. */
enum store_dag_stands { STORE_DAG_STARTS, STORE_DAG_IS_DISABLED, STORE_DAG_IS_GONE };
bool store_read_dag_stands(struct store_reader *r, const char *tenant, const char *dag_id,
                           const char *version, enum store_dag_stands *ret,
                           struct err *e) must_check;
/* By id, which is by creation; dag_id NULL: of any. */
bool store_read_schedules(struct store_reader *r, const char *tenant, const char *dag_id,
                          struct store_page page, struct store_schedule_list *ret,
                          struct err *e) must_check;
bool store_read_schedule(struct store_reader *r, const char *tenant, const char *schedule_id,
                         struct store_schedule_list *ret, struct err *e) must_check;
/* Of all tenants, those that are not paused and fire before the time: the first rows of them. */
bool store_read_schedules_next(struct store_reader *r, int64_t before_us, uint32_t rows,
                               struct store_schedule_list *ret, struct err *e) must_check;
/* The latest due time first. */
bool store_read_firings(struct store_reader *r, const char *tenant, const char *schedule_id,
                        struct store_page page, struct store_firing_list *ret,
                        struct err *e) must_check;
/* What stands against firing a due time of the schedule. */
struct store_due {
    bool known;     /* it was reached before */
    bool goes_on;   /* the run that it started last, where runs may not overlap */
    int64_t queued; /* due times that wait for it, where they do */
    enum store_dag_stands dag;
};
bool store_read_due(struct store_reader *r, const struct store_schedule *schedule, int64_t due_us,
                    struct store_due *ret, struct err *e) must_check;
/* At most one row, none is no error. */
bool store_read_firing(struct store_reader *r, const char *tenant, const char *schedule_id,
                       int64_t due_us, struct store_firing_list *ret, struct err *e) must_check;

/* Of all tenants, those that are not paused with due times that are queued and no longer wait: the
 * run before has ended. So many at most. */
bool store_read_schedules_queued(struct store_reader *r, uint32_t rows,
                                 struct store_schedule_list *ret, struct err *e) must_check;
/* The first that is queued, at most one row; and how many are, to STORE_QUEUED_MAX. */
bool store_read_firing_queued(struct store_reader *r, const char *tenant, const char *schedule_id,
                              struct store_firing_list *ret, struct err *e) must_check;
bool store_read_firings_queued(struct store_reader *r, const char *tenant, const char *schedule_id,
                               int64_t *ret, struct err *e) must_check;
/* Whether anything is queued, of any tenant: the end of a run may start one. */
bool store_read_firings_wait(struct store_reader *r, bool *ret, struct err *e) must_check;

/* Of a schedule, newest first. */
bool store_read_backfills(struct store_reader *r, const char *tenant, const char *schedule_id,
                          struct store_page page, struct store_backfill_list *ret,
                          struct err *e) must_check;
bool store_read_backfill(struct store_reader *r, const char *tenant, const char *backfill_id,
                         struct store_backfill_list *ret, struct err *e) must_check;
/* Of all tenants, those that may begin a run now: the one first that was served longest ago. So
 * many at most. */
bool store_read_backfills_begin(struct store_reader *r, uint32_t rows,
                                struct store_backfill_list *ret, struct err *e) must_check;
/* How many runs of it are not counted yet. */
bool store_read_backfill_runs(struct store_reader *r, const char *tenant, const char *backfill_id,
                              int64_t *ret, struct err *e) must_check;
/* Of all tenants, those of them that have ended, or are gone. So many at most. */
bool store_read_backfill_runs_over(struct store_reader *r, uint32_t rows,
                                   struct store_backfill_run_list *ret, struct err *e) must_check;
/* Whether there is any run of one, or one that may begin some: the end of a run concerns it. */
bool store_read_backfills_wait(struct store_reader *r, bool *ret, struct err *e) must_check;

/* Lanes that operators set, by name; they are of all tenants. */
bool store_read_lanes(struct store_reader *r, struct store_page page, struct store_lane_list *ret,
                      struct err *e) must_check;
/* At most one row, none is no error. */
bool store_read_lane(struct store_reader *r, const char *lane, struct store_lane_list *ret,
                     struct err *e) must_check;
/* Newest first. */
bool store_read_lane_versions(struct store_reader *r, const char *lane, struct store_page page,
                              struct store_lane_list *ret, struct err *e) must_check;

/* ---- quotas, jobs ---- */

struct store_quota_filter {
    const char *tenant;
    const char *job_type;     /* NULL: any */
    bool paused_said, paused; /* only those that are so */
};
/* Of a tenant, by job type. */
bool store_read_quotas(struct store_reader *r, const struct store_quota_filter *filter,
                       struct store_page page, struct store_quota_list *ret,
                       struct err *e) must_check;
/* Of all tenants, by tenant and job type. */
bool store_read_quotas_of_all(struct store_reader *r, struct store_page page,
                              struct store_quota_list *ret, struct err *e) must_check;
/* ERR_NOT_FOUND: there is none. */
bool store_read_quota(struct store_reader *r, const char *tenant, const char *quota_id,
                      struct store_quota_list *ret, struct err *e) must_check;

enum { STORE_JOBS_COUNTED_MAX = 100000 };
/* The tenant's tasks by the status of their run, STORE_JOBS_COUNTED_MAX of them at most; lane
 * NULL: of all; else the youngest of that one's, of its own DAG (dag_id) and of others. */
bool store_read_job_counts(struct store_reader *r, const char *tenant, const char *dag_id,
                           const char *lane, struct store_status_counts *ret,
                           struct err *e) must_check;

/* ---- what runs wait at ---- */

/* Of a run; none: it waits at no such gate and holds no place. */
bool store_read_gate(struct store_reader *r, const char *tenant, const char *run_id,
                     const char *kind, struct store_gate_list *ret, struct err *e) must_check;
/* of: names a key by its tenant, dag_id, kind and gate_key. Who holds a place of it, the oldest
 * first; who waits, the newest first; how many wait that are older than of's own run. max at most.
 */
bool store_read_gates_held(struct store_reader *r, const struct store_gate *of, uint32_t max,
                           struct store_gate_list *ret, struct err *e) must_check;
bool store_read_gates_newest(struct store_reader *r, const struct store_gate *of, uint32_t max,
                             struct store_gate_list *ret, struct err *e) must_check;
bool store_read_gates_ahead(struct store_reader *r, const struct store_gate *of, int64_t *ret,
                            struct err *e) must_check;

/* ---- dead letters ---- */

struct store_dead_filter {
    const char *tenant;
    const char *lane, *error_class, *fingerprint; /* NULL: any */
};
/* That of the youngest task first. */
bool store_read_dead_letters(struct store_reader *r, const struct store_dead_filter *filter,
                             struct store_page page, struct store_dead_letter_list *ret,
                             struct err *e) must_check;
bool store_read_dead_letter(struct store_reader *r, const char *tenant, const char *dead_letter_id,
                            struct store_dead_letter_list *ret, struct err *e) must_check;
/* ERR_NOT_FOUND: there is none. */
bool store_read_dead_snapshot(struct store_reader *r, const char *tenant, const char *snapshot_id,
                              struct store_dead_snapshot_list *ret, struct err *e) must_check;

/* By tenant, of all; so many tenants at most. */
bool store_read_dead_depths(struct store_reader *r, uint32_t tenants,
                            struct store_dead_count_list *ret, struct err *e) must_check;
/* The next three look at the youngest STORE_DEAD_COUNTED_MAX letters of the tenant. */
bool store_read_dead_totals(struct store_reader *r, const char *tenant,
                            struct store_dead_totals *ret, struct err *e) must_check;
/* The most first, STORE_PAGE_ROWS_MAX names at most. */
enum store_dead_by { STORE_DEAD_BY_LANE, STORE_DEAD_BY_CLASS };
bool store_read_dead_counts(struct store_reader *r, const char *tenant, enum store_dead_by by,
                            struct store_dead_count_list *ret, struct err *e) must_check;
/* The largest first; lane NULL: any. rows as page.size. */
bool store_read_dead_groups(struct store_reader *r, const char *tenant, const char *lane,
                            uint32_t rows, struct store_dead_group_list *ret,
                            struct err *e) must_check;

#endif
