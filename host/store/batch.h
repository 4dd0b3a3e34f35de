/* batch.h -- writes that happen together or not at all.
 *
 * A batch is filled on any one thread, by one caller, and handed over with store_submit_take
 * (store/store.h). Each call copies its arguments into the batch's one arena and cannot fail;
 * what the database refuses comes back in the batch's completion as one error:
 *   ERR_CONFLICT   the key exists (run, run token, DAG version, idempotency key), or the run to
 *                  reopen goes on
 *   ERR_NOT_FOUND  the row to change, or the run that the row belongs to, is not there (or is
 *                  another tenant's)
 *   ERR_INVALID    a value that the schema refuses (a CHECK)
 * Operations apply in the order of the calls. */
#ifndef ORCH_STORE_BATCH_H
#define ORCH_STORE_BATCH_H

#include "base/auto.h"
#include "store/rows.h"

struct store_batch;

struct store_batch *store_batch_new(void) must_check;
void store_batch_free(struct store_batch *b); /* accepts NULL */
DEFINE_AUTO(store_batch)

size_t store_batch_bytes(const struct store_batch *b);

/* Runs. Insert refuses a second run of the same (tenant, run_token, dag_id, inputs_hash), and a
 * second task of the same (tenant, run_token). Its
 * lease_owner and lease_epoch are written as given: the opening's whose run it is. */
void store_batch_run_insert(struct store_batch *b, const struct store_run *run);

/* A status that a hand has ended (runbook C) stays, and a request to cancel. */
struct store_run_update {
    const char *tenant;
    const char *run_id;
    enum store_run_status status;
    bool paused;
    bool cancel_requested;
    int64_t started_us; /* 0 leaves what is there */
    struct store_counts counts;
};
void store_batch_run_update(struct store_batch *b, const struct store_run_update *u);

struct store_run_end {
    const char *tenant;
    const char *run_id;
    enum store_run_status status;
    const char *output; /* JSON, NULL */
    const char *outputs_hash;
    const char *chain_hash;
    const char *error;         /* NULL */
    const char *errors;        /* JSON array, NULL */
    const char *compensations; /* JSON array, NULL */
    struct store_counts counts;
    int64_t completed_us;
};
void store_batch_run_end(struct store_batch *b, const struct store_run_end *end);

/* In place of what was there; of a run that goes on, or not. */
void store_batch_run_options(struct store_batch *b, const char *tenant, const char *run_id,
                             const char *options);

/* Resume: running again, what run_end wrote is cleared, started_us stays; a statement of the end
 * that is no more is not due, nor is an order. The run is (owner, epoch)'s. ERR_CONFLICT: it goes
 * on; one whose status a hand has ended does, unless it is free or (owner, epoch)'s already. */
void store_batch_run_reopen(struct store_batch *b, const char *tenant, const char *run_id,
                            const char *owner, int64_t epoch);

/* ERR_NOT_FOUND: the tenant has no such task that goes on. */
void store_batch_task_prioritize(struct store_batch *b, const char *tenant, const char *run_id,
                                 int32_t priority);

/* Who has what (store/hosts.h). A claim takes the run, or the job, only when it is free (and the
 * run goes on), a release gives it up only when (owner, epoch) has it; else nothing happens, which
 * is no error. */
void store_batch_run_claim(struct store_batch *b, const char *run_id, const char *owner,
                           int64_t epoch);
void store_batch_run_release(struct store_batch *b, const char *run_id, const char *owner,
                             int64_t epoch);
void store_batch_job_claim(struct store_batch *b, const char *job, const char *owner,
                           int64_t epoch);

/* ERR_NOT_FOUND: the tenant has no such run that goes on. ERR_INVALID: no such verb. */
void store_batch_order_put(struct store_batch *b, const struct store_order *order);
/* It was carried out. None to delete is no error. */
void store_batch_order_done(struct store_batch *b, const char *tenant, const char *run_id,
                            int64_t order_no);

void store_batch_node_upsert(struct store_batch *b, const struct store_node *node);
void store_batch_attempt_upsert(struct store_batch *b, const struct store_attempt *attempt);
void store_batch_log_append(struct store_batch *b, const struct store_log *log);
void store_batch_checkpoint_put(struct store_batch *b, const struct store_checkpoint *checkpoint);
/* node_id NULL: all of the run. None to delete is no error. */
void store_batch_checkpoint_delete(struct store_batch *b, const char *tenant, const char *run_id,
                                   const char *node_id);
void store_batch_provenance_put(struct store_batch *b, const struct store_provenance *record);
/* Before a node runs again (its checkpoint was deleted): node_id NULL is all of the run. */
void store_batch_provenance_delete(struct store_batch *b, const char *tenant, const char *run_id,
                                   const char *node_id);

/* The ledger: append-only, also for an operator with the file in hand (triggers). The events of a
 * batch are all one tenant's. */
void store_batch_event_append(struct store_batch *b, const struct store_event *event);
/* Nothing, when the run was reopened meanwhile and has ended with another chain hash. */
void store_batch_statement_put(struct store_batch *b, const struct store_statement *statement);
/* Why it will not come, for who asks; nothing when it is stored after all. */
void store_batch_statement_refuse(struct store_batch *b, const char *tenant, const char *run_id,
                                  const char *why);
void store_batch_ledger_head_put(struct store_batch *b, const struct store_ledger_head *head);

/* A version that exists with the same hash is enabled and undeleted again; with another hash it is
 * ERR_CONFLICT: versions are immutable. */
void store_batch_dag_put(struct store_batch *b, const struct store_dag *dag);
void store_batch_dag_set_enabled(struct store_batch *b, const char *tenant, const char *dag_id,
                                 const char *version, bool enabled, int64_t now_us);
/* All versions; they stay for the runs that are pinned to them. */
void store_batch_dag_delete(struct store_batch *b, const char *tenant, const char *dag_id,
                            int64_t now_us);

void store_batch_secret_put(struct store_batch *b, const struct store_secret *secret);
/* version 0: all. */
void store_batch_secret_delete(struct store_batch *b, const char *tenant, const char *name,
                               int64_t version);
/* Replaces the row of the same (tenant, plugin_id, version). */
void store_batch_plugin_put(struct store_batch *b, const struct store_plugin *plugin);
void store_batch_plugin_delete(struct store_batch *b, const char *tenant, const char *plugin_id,
                               const char *version);
/* Its parts come before it. ERR_CONFLICT: the version is there with another archive by this key and
 * was not removed. One that was is installed again. */
void store_batch_bundle_put(struct store_batch *b, const struct store_bundle *bundle);
void store_batch_bundle_part_put(struct store_batch *b, const struct store_bundle_part *part);
/* The row stays and says when; the parts go. None to remove is no error. */
void store_batch_bundle_remove(struct store_batch *b, const char *tenant, const char *bundle_hash,
                               int64_t now_us);
/* Every host may try it again that had stopped to. None is no error. */
void store_batch_bundle_release(struct store_batch *b, const char *tenant, const char *bundle_hash,
                                int64_t now_us);
/* What this opening can run now: {"AGENT": ["DIGEST", ...]}, for those who ask what others can. */
void store_batch_host_agents(struct store_batch *b, const char *host_id, int64_t epoch,
                             const char *agents);
void store_batch_idempotency_put(struct store_batch *b, const struct store_idempotency *row);
void store_batch_token_revoke(struct store_batch *b, const struct store_revoked_token *token);
void store_batch_identity_put(struct store_batch *b, const struct store_identity *identity);
void store_batch_tenant_put(struct store_batch *b, const struct store_tenant *tenant);

/* ---- schedules ---- */

void store_batch_schedule_put(struct store_batch *b, const struct store_schedule *schedule);
/* paused, next_*_us and updated_us as given. ERR_NOT_FOUND: there is none. */
void store_batch_schedule_pause(struct store_batch *b, const struct store_schedule_move *move);
/* next_*_us are written where the schedule still waits for from_us, so that no due time is dealt
 * with twice. ERR_NOT_FOUND: there is none. */
void store_batch_schedule_move(struct store_batch *b, const struct store_schedule_move *move);
/* With its firings and its backfills. */
void store_batch_schedule_delete(struct store_batch *b, const char *tenant,
                                 const char *schedule_id);
/* ERR_CONFLICT: the due time was reached before. */
void store_batch_firing_put(struct store_batch *b, const struct store_firing *firing);
/* Nothing, where it was. */
void store_batch_firing_note(struct store_batch *b, const struct store_firing *firing);
/* In place of what became of it before, where that was not its run. ERR_CONFLICT: it was. */
void store_batch_firing_take(struct store_batch *b, const struct store_firing *firing);
/* Of the schedule those that were due and fired before then, the oldest 1000 at most; none that is
 * queued. */
void store_batch_firings_purge(struct store_batch *b, const char *tenant, const char *schedule_id,
                               int64_t before_us);

/* ---- backfills ---- */

void store_batch_backfill_put(struct store_batch *b, const struct store_backfill *backfill);
/* ERR_CONFLICT: it is over, or is not there. */
void store_batch_backfill_mark(struct store_batch *b, const struct store_backfill_mark *mark);
/* ERR_CONFLICT: it does not wait for from_us, or begins nothing now: it is paused, or over. One
 * that waits for nothing and has no run is completed by it. */
void store_batch_backfill_move(struct store_batch *b, const struct store_backfill_move *move);
void store_batch_backfill_run_put(struct store_batch *b, const struct store_backfill_run *run);
/* ERR_CONFLICT: somebody else did. */
void store_batch_backfill_run_done(struct store_batch *b, const struct store_backfill_run *run);

/* What holds from now on, and a version of it. ERR_CONFLICT: the lane has this version already. */
void store_batch_lane_put(struct store_batch *b, const struct store_lane *lane);

/* ---- quotas ---- */

/* ERR_CONFLICT: the tenant has one of this job type. */
void store_batch_quota_put(struct store_batch *b, const struct store_quota *quota);
/* What it bounds, from its version on. ERR_CONFLICT: it is another one by now, or is gone. */
void store_batch_quota_change(struct store_batch *b, const struct store_quota *quota);
/* As it was read. ERR_CONFLICT likewise. */
void store_batch_quota_delete(struct store_batch *b, const char *tenant, const char *quota_id,
                              int64_t version);

/* ---- what runs wait at ---- */

/* All but the last: a whole row. One that is there already stays as it is. */
void store_batch_gate_put(struct store_batch *b, const struct store_gate *gate);
/* Of debounce, behind its put: it stands for those of its key that wait, from the first of their
 * times on, so it is due no later than bound behind that. */
void store_batch_gate_join(struct store_batch *b, const struct store_gate *gate);
/* A place of the key for it, if there is one and nobody waits before it: before one that queues or
 * is skipped the older ones of these, before another one all that are newer. Never more than bound
 * have one, whichever host gives it. */
void store_batch_gate_take(struct store_batch *b, const struct store_gate *gate);
/* The same. ERR_CONFLICT: it got none. */
void store_batch_gate_take_now(struct store_batch *b, const struct store_gate *gate);
/* Of debounce, with the present time as due_us: its row goes if it is due and none of its key is
 * newer. */
void store_batch_gate_open(struct store_batch *b, const struct store_gate *gate);
/* With the run's end. */
void store_batch_gate_end(struct store_batch *b, const char *tenant, const char *run_id);

/* ---- dead letters ---- */

enum { STORE_REPLAYS_BYTES_MAX = 16 * 1024 };
/* Of a task that has one it is the newest death: when it died first, and who replayed it, stays,
 * and deaths is one more. */
void store_batch_dead_letter_put(struct store_batch *b, const struct store_dead_letter *letter);
/* Another task was made of it. ERR_CONFLICT: it is there no more, or was replayed until no more ids
 * are kept of it (STORE_REPLAYS_BYTES_MAX). */
void store_batch_dead_letter_replayed(struct store_batch *b, const char *tenant,
                                      const char *dead_letter_id, const char *task_id);
/* With the snapshot that has it. ERR_CONFLICT: it is there no more, or its task has died again
 * since it was read with so many deaths. */
void store_batch_dead_letter_clear(struct store_batch *b, const char *tenant,
                                   const char *dead_letter_id, int64_t deaths);
void store_batch_dead_snapshot_put(struct store_batch *b,
                                   const struct store_dead_snapshot *snapshot);
/* The task is dead no more. None to drop is no error. */
void store_batch_dead_letter_drop(struct store_batch *b, const char *tenant,
                                  const char *dead_letter_id);

/* Idempotency rows and revoked tokens whose expires_us is before now_us, and orders that came too
 * late for their run. */
void store_batch_purge_expired(struct store_batch *b, int64_t now_us);

#endif
