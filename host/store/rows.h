/* rows.h -- the rows of the store as plain structs, one for writing and for reading.
 *
 * Writing: the texts are borrowed for the call that copies them into a batch (store/batch.h).
 * Reading: the texts live in the list that carries the row, until its *_done (store/reader.h).
 * A text that may be absent is NULL; every other text is never NULL ("" where empty is legal).
 * JSON columns are text, exactly as they were given. Times are microseconds since 1970 UTC, 0 for
 * "not yet". Hashes are lower-case hex SHA-256. Names and columns: contract/greenlang.md 9 (V021),
 * contract/stellaops.md 1, DESIGN.md 5 and 6. */
#ifndef ORCH_STORE_ROWS_H
#define ORCH_STORE_ROWS_H

#include "model/words/states.h"
#include "store/rows_gates.h"
#include "store/rows_letters.h"
#include "store/rows_quotas.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Also kept by the database (V021). An operator may set dag_executions.status by hand (runbook C).
 */
enum store_run_status {
    STORE_RUN_INVALID,
#define XX(name, text) STORE_RUN_##name,
    RUN_STATUS_MAP(XX)
#undef XX
        STORE_RUN_STATUS_COUNT,
};

enum store_node_status {
    STORE_NODE_INVALID,
#define XX(name, text) STORE_NODE_##name,
    NODE_STATUS_MAP(XX)
#undef XX
        STORE_NODE_STATUS_COUNT,
};

const char *store_run_status_text(enum store_run_status status);
const char *store_node_status_text(enum store_node_status status);
/* STORE_RUN_INVALID, STORE_NODE_INVALID for an unknown word. */
enum store_run_status store_run_status_parse(const char *text);
enum store_node_status store_node_status_parse(const char *text);

struct store_counts {
    int64_t total;
    int64_t completed;
    int64_t failed;
    int64_t skipped;
};

/* dag_executions. run_id is V021's execution_id. */
struct store_run {
    const char *run_id;
    const char *tenant;
    const char *dag_id;
    const char *dag_version;
    enum store_run_status status;
    const char *run_token; /* NULL: every start is a new run */
    const char *inputs_hash;
    const char *outputs_hash; /* NULL until the end */
    const char *chain_hash;   /* provenance_chain_hash; NULL until the end */
    const char *trace_id;
    const char *parent_run_id; /* NULL; the run that this one restarts or replays */
    const char *parent_kind;   /* NULL, PARENT_RESTART, PARENT_REPLAY */
    const char *created_by;    /* subject of the token, NULL when unknown */
    const char *input;         /* JSON; NULL in a list that was read without bodies */
    const char *output;        /* JSON, NULL until the end */
    const char *levels;        /* JSON: topology_levels */
    const char *agent_digests; /* JSON: the plugins of its start, {AGENT: DIGEST or null}; NULL: a
                                  host of before began it, or a head that was read without */
    const char *options;       /* JSON of the start request's options, NULL */
    const char *error;         /* first error, NULL */
    const char *errors;        /* JSON array, NULL */
    const char *compensations; /* JSON array, NULL; not empty: the run was rolled back */
    int64_t seed;
    bool deterministic;
    bool checkpoint_enabled;
    bool paused;
    bool cancel_requested;
    bool statement_due;            /* read only: it ended, and its statement is not stored */
    const char *statement_refused; /* why it was refused for good; NULL: it was not, or is stored */
    struct store_counts counts;
    int64_t created_us;
    int64_t started_us;
    int64_t completed_us;
    int64_t deadline_us;     /* 0: none */
    const char *lease_owner; /* the opening that has it (store/hosts.h); NULL: nobody */
    int64_t lease_epoch;
    int64_t task_priority; /* of a task of a lane, whose id is the token; 0: it is none */
    const char *task_lane; /* of a task of a lane that runs the DAG; NULL: the DAG is the lane's */
    bool is_dead;          /* read only: a task that failed, and its dead letter is there */
    /* Read only, of a task: its attempts that ended and were a worker's, and when the first began;
     * 0: there was none. */
    int64_t task_attempts, task_started_us;
};

/* node_traces: one row a node of a run, last write wins. */
struct store_node {
    const char *run_id;
    const char *tenant;
    const char *node_id;
    const char *agent_id;
    enum store_node_status status;
    const char *input_hash;  /* NULL before the first attempt */
    const char *output_hash; /* NULL unless completed */
    const char *chain_hash;  /* provenance_hash; NULL unless completed */
    const char *outputs;     /* JSON; NULL: the node's checkpoint has them. Reads fill it in */
    const char *error;       /* last error text, NULL */
    const char *error_class; /* NULL */
    const char
        *error_source;   /* whose words the two are: "agent", "host"; NULL: none, or not kept */
    const char *sandbox; /* JSON: isolation, layers, level of the last attempt (model/ledger/
                            layers.h); NULL: unknown */
    double duration_ms;  /* all attempts and delays */
    int64_t attempts;    /* attempt_count: 0 for a node that never ran */
    int64_t tally_given; /* attempt numbers given out (struct node_tally of model/run/run.h), so */
    int64_t tally_used;  /* that a recovery goes on where the numbers ended */
    int64_t tally_infra;
    int64_t level; /* level_index, from 0 */
    int64_t started_us;
    int64_t completed_us;
};

/* node_attempts: one row an attempt, last write wins. */
struct store_attempt {
    const char *run_id;
    const char *tenant;
    const char *node_id;
    int64_t attempt;     /* from 1; goes on across a resume */
    const char *outcome; /* outcome class (SANDBOX.md 2.5), "running" until known */
    const char *error;   /* NULL */
    const char *error_class;
    const char *error_source; /* as a node's */
    const char *detail;       /* JSON: profile, layer mask, limits used, exit; NULL */
    bool retryable;
    bool compensation;
    int64_t started_us;
    int64_t completed_us;
};

/* dag_checkpoints: V021's key (run, node), last write wins. Rows may vanish (runbook C). */
struct store_checkpoint {
    const char *run_id;
    const char *tenant;
    const char *node_id;
    enum store_node_status status; /* completed, failed, skipped, timed_out */
    const char *outputs;           /* JSON, NULL */
    const char *output_hash;       /* NULL */
    int64_t attempts;
    int64_t created_us;
};

/* execution_provenance: V021's columns beside the ledger's whole record. Rows may vanish. */
struct store_provenance {
    const char *run_id;
    const char *tenant;
    const char *node_id;
    const char *input_hash;
    const char *output_hash;
    const char *parent_hashes; /* JSON array */
    const char *chain_hash;
    const char *record_hash;
    const char *record; /* JSON: the record that record_hash covers */
    double duration_ms;
    int64_t attempts;
    int64_t created_us;
};

/* run_events: append-only. seq is the stream's cursor, given by the store: one above the event
 * before it in the tenant's ledger. n is the event's place in its run's hash chain
 * (model/ledger/event.h), given by the writer. */
#define STORE_SEQ_MAX ((INT64_C(1) << 40) - 1)
struct store_event {
    int64_t seq; /* ignored when writing */
    int64_t n;
    const char *tenant;
    const char *run_id; /* "" for an event of no run */
    const char *dag_id; /* "" for an event of no DAG */
    const char *type;   /* "run.started", "step.updated", ... */
    const char *status; /* "" where the type has none */
    const char *trace_id;
    const char *node_id; /* NULL */
    int64_t attempt;     /* 0: none */
    int64_t at_us;
    const char *payload; /* JSON object, canonical: the data that hash covers */
    const char *prev_hash;
    const char *hash;
};

/* An event as its tenant's Merkle tree sees it (model/ledger/head.h). */
struct store_leaf {
    int64_t seq;
    const char *hash;
};

/* A tenant's ledger. */
struct store_ledger {
    const char *tenant;
    int64_t newest; /* seq of its newest event; 0: none */
    int64_t sealed; /* last_seq of its newest head; 0: none */
};

/* attempt_logs: append-only while the run lives. */
struct store_log {
    int64_t id; /* ignored when writing; a log's cursor */
    const char *run_id;
    const char *tenant;
    const char *node_id;
    int64_t attempt;
    const char *level; /* "info", ... */
    const char *text;  /* already redacted by the worker */
    int64_t at_us;
};

/* dag_workflows: one immutable row a version. enabled and deleted_us alone may change. */
struct store_dag {
    const char *tenant;
    const char *dag_id;
    const char *version;
    const char *name;
    const char *description; /* NULL */
    const char *definition;  /* JSON, normalised; NULL in a list */
    const char *hash;
    const char *retry_policy;   /* JSON: default_retry_policy, NULL */
    const char *timeout_policy; /* JSON: default_timeout_policy, NULL */
    const char *on_failure;
    const char *signature;  /* DSSE envelope, NULL when unsigned; see is_signed */
    const char *created_by; /* NULL */
    int64_t max_parallel_nodes;
    bool enabled;
    int64_t created_us;
    int64_t updated_us;
    int64_t deleted_us; /* 0: lives. A deleted version stays readable for the runs pinned to it */
    bool is_signed;     /* reads only: it has a signature, whether that was read or not */
};

/* statements: append-only; a resumed run gets a second one. */
struct store_statement {
    int64_t id; /* ignored when writing */
    const char *run_id;
    const char *tenant;
    const char *chain_hash;
    const char *envelope; /* DSSE */
    int64_t created_us;
};

/* ledger_heads: append-only signed tree heads over a tenant's events. created_us rises from head to
 * head of a tenant. No event up to the greatest last_seq of its tenant is without one
 * (engine/evidence/heads.h). */
struct store_ledger_head {
    int64_t id; /* ignored when writing */
    const char *tenant;
    int64_t tree_size;
    int64_t last_seq; /* the newest event under this head */
    const char *root_hash;
    const char *envelope; /* DSSE */
    int64_t created_us;
};

/* secrets: sealed by the authority; the host stores and passes ciphertext only. */
struct store_secret {
    const char *tenant;
    const char *name;
    int64_t version;
    const void *blob; /* NULL in lists */
    size_t blob_bytes;
    const char *created_by; /* NULL */
    int64_t created_us;
};

/* plugins: what is installed; its bundle is a store_bundle. */
struct store_plugin {
    const char *tenant; /* "" for all tenants */
    const char *plugin_id;
    const char *version;
    const char *bundle_hash;
    const char *manifest; /* JSON */
    const char *key_id;   /* the publisher's */
    const char *installed_by;
    int64_t installed_us;
};

/* plugin_bundles: a bundle whose bytes the store has, in parts. A plugin's version by one key has
 * one archive for as long as it is not removed. */
struct store_bundle {
    const char *tenant; /* "" for all tenants */
    const char *plugin_id;
    const char *version;
    const char *key_id;       /* the publisher's */
    const char *archive_hash; /* what is signed */
    const char *bundle_hash;  /* the file: archive and envelope */
    int64_t bytes;            /* of the file */
    int64_t created_us;
    int64_t removed_us;  /* 0: it is installed. From then on it has no parts */
    int64_t released_us; /* when somebody last had it tried again; 0: never */
};

/* plugin_bundle_parts: STORE_BUNDLE_PART_BYTES each but for the last, from 0. */
struct store_bundle_part {
    const char *tenant;
    const char *bundle_hash;
    int64_t part;
    const void *content;
    size_t content_bytes;
};

/* idempotency: the answer to a mutating request, kept until expires_us. */
struct store_idempotency {
    const char *tenant;
    const char *key;
    const char *path;
    const char *request_hash;
    int64_t status;
    const char *body; /* JSON */
    int64_t created_us;
    int64_t expires_us;
};

struct store_revoked_token {
    const char *token_id; /* jti */
    const char *tenant;
    const char *reason;
    int64_t revoked_us;
    int64_t expires_us; /* of the row */
};

/* store_identity: append-only; the last row counts. */
struct store_identity {
    const char *store_id;
    const char *host_key; /* the id of the key that signs for it */
    int64_t bound_us;
};

/* hosts: every opening that is remembered, one a home. */
struct store_host {
    const char *host_id;
    int64_t epoch;
    bool alive;
    bool ended; /* in order; one that is neither was fenced, or is of before */
    int64_t started_us;
    int64_t heartbeat_us; /* by the database's clock, as is the next */
    int64_t silent_us;    /* since then */
    const char *version;
    const char *address; /* where its clients ask; "": unknown */
    const char *agents;  /* what it can run, as it said last: {"AGENT": ["DIGEST", ...], ...} */
};

/* job_leases: what one host at a time does. A job that nobody ever had has no row. */
struct store_job {
    const char *job;
    const char *lease_owner; /* NULL: nobody */
    int64_t lease_epoch;
    bool is_free;
};

/* run_orders: what a client told a host that does not have the run. */
struct store_order {
    const char *tenant;
    const char *run_id;
    const char *verb; /* "cancel", "pause", "unpause" */
    const char *said; /* JSON: who and why; NULL */
    int64_t created_us;
    int64_t order_no; /* ignored when writing */
};

/* schedules: what starts runs of a DAG by the calendar. next_due_us is the first due time that was
 * not dealt with, next_fire_us when it is: later by its jitter. Both 0: none is waited for. */
struct store_schedule {
    const char *tenant;
    const char *schedule_id;
    const char *dag_id;
    const char *dag_version; /* NULL: the newest that is enabled */
    const char *rule_kind;   /* "cron", "every", "at" */
    const char *rule;        /* as it was given */
    const char *timezone;
    const char *dst_policy, *missed_policy, *overlap_policy;
    const char *inputs;      /* JSON object */
    const char *created_by;  /* NULL */
    const char *last_run_id; /* the run that it started last; NULL: none */
    int64_t missed_max;
    int64_t jitter_s;
    bool paused;
    int64_t anchor_us; /* of "every" */
    int64_t next_due_us, next_fire_us;
    int64_t created_us, updated_us;
};

/* Where a schedule stands from now on, or whether it is paused (store/batch.h). */
struct store_schedule_move {
    const char *tenant;
    const char *schedule_id;
    int64_t from_us; /* the due time that was dealt with; 0: none, next_*_us stay */
    int64_t next_due_us, next_fire_us;
    const char *run_id; /* that it started; NULL: none */
    bool paused;
    int64_t updated_us;
};

/* schedule_firings: what became of a due time. One row each, whoever reached it. One that is queued
 * waits for the run before. */
struct store_firing {
    const char *tenant;
    const char *schedule_id;
    int64_t due_us;
    int64_t fired_us;    /* 0: it was not */
    const char *run_id;  /* NULL likewise */
    const char *outcome; /* "fired", "queued", "skipped", "missed" */
    const char *reason;  /* NULL where it was fired */
};

/* Of a schedule so many may wait. */
enum { STORE_QUEUED_MAX = 100 };

/* backfills: due times of a schedule, from_us to to_us, that are run again. next_due_us is the
 * first that was not dealt with; 0: all were. It is over when its runs are, too. */
struct store_backfill {
    const char *tenant;
    const char *backfill_id;
    const char *schedule_id;
    const char *status; /* "pending", "running", "paused", "completed", "cancelled" */
    const char *reason, *ticket;
    const char *created_by; /* NULL */
    int64_t max_parallel;
    int64_t total, completed, failed, skipped; /* due times */
    int64_t from_us, to_us;                    /* both inclusive */
    int64_t next_due_us;
    int64_t created_us, updated_us;
};

/* What an operator says of one. */
struct store_backfill_mark {
    const char *tenant;
    const char *backfill_id;
    const char *schedule_id;
    const char *status;
    int64_t updated_us;
};

/* Where one stands from now on. */
struct store_backfill_move {
    const char *tenant;
    const char *backfill_id;
    const char *schedule_id;
    int64_t from_us; /* the due time that was dealt with; 0: none, next_us stays */
    int64_t next_us; /* 0: that was the last */
    int64_t completed, failed, skipped; /* so many more */
    int64_t updated_us;
};

/* backfill_runs: a run of one that is not counted yet. */
struct store_backfill_run {
    const char *tenant;
    const char *backfill_id;
    int64_t due_us;
    const char *schedule_id;
    const char *run_id;
};

/* lanes, lane_versions: what operators said of a lane, the newest version in both. */
struct store_lane {
    const char *lane;
    int64_t version;     /* from 1 */
    const char *members; /* JSON object: what was said up to here */
    const char *said_by; /* the subject, and the tenant whose it is */
    const char *said_in;
    const char *reason;
    int64_t said_us;
};

struct store_tenant {
    const char *tenant;
    const char *name;
    const char *settings; /* JSON: quotas, weight */
    bool enabled;
    int64_t created_us;
};

#endif
