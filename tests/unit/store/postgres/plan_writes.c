/* plan_writes.c -- plan_write_all of plan_subjects.h. */
#include "fixture.h"
#include "plan_subjects.h"

#include <stdio.h>
#include <string.h>

enum { STEPS = 3, RUNS = 3, ID_BYTES = 48 };

static void add_start(struct store_batch *b, const char *run_id, const char *owner, int64_t epoch)
{
    struct store_run run = sample_run(run_id);
    const struct store_event event = sample_event(run_id, 1, "run.started");
    const struct store_log log = sample_log(run_id, "n0", "x");

    run.lease_owner = owner;
    run.lease_epoch = epoch;
    run.run_token = run_id;
    run.task_priority = 5;
    store_batch_run_insert(b, &run);
    store_batch_event_append(b, &event);
    store_batch_log_append(b, &log);
}

static void add_steps(struct store_batch *b, const char *run_id)
{
    const struct store_run_update update = {.tenant = SAMPLE_TENANT,
                                            .run_id = run_id,
                                            .status = STORE_RUN_RUNNING,
                                            .counts = {.total = 4, .completed = 3}};
    char node_id[8];

    for (int i = 0; i < STEPS; i++) {
        snprintf(node_id, sizeof node_id, "n%d", i);
        sample_step(b, run_id, node_id, 2 + i * 2);
    }
    store_batch_run_update(b, &update);
    store_batch_task_prioritize(b, SAMPLE_TENANT, run_id, 9);
    store_batch_run_options(b, SAMPLE_TENANT, run_id, "{}");
}

static void add_end(struct store_batch *b, const char *run_id)
{
    struct store_run_end end = sample_run_end(run_id);
    const struct store_event event = sample_event(run_id, 2 + STEPS * 2, "run.completed");

    end.status = STORE_RUN_FAILED; /* a completed one is not opened again */
    store_batch_run_end(b, &end);
    store_batch_event_append(b, &event);
}

static void add_behind_the_end(struct store_batch *b, const char *run_id, const char *owner,
                               int64_t epoch)
{
    const struct store_statement statement = {.run_id = run_id,
                                              .tenant = SAMPLE_TENANT,
                                              .chain_hash = SAMPLE_HASH_A,
                                              .envelope = "{}"};

    store_batch_statement_refuse(b, SAMPLE_TENANT, run_id, "no");
    store_batch_statement_put(b, &statement);
    store_batch_run_reopen(b, SAMPLE_TENANT, run_id, owner, epoch);
    store_batch_checkpoint_delete(b, SAMPLE_TENANT, run_id, "n1");
    store_batch_provenance_delete(b, SAMPLE_TENANT, run_id, NULL);
}

static void add_hosts(struct store_batch *b, const char *run_id, const char *owner, int64_t epoch)
{
    const struct store_order order = {.tenant = SAMPLE_TENANT, .run_id = run_id, .verb = "pause"};

    store_batch_run_release(b, run_id, owner, epoch);
    store_batch_run_claim(b, run_id, owner, epoch);
    store_batch_job_claim(b, "heads", owner, epoch);
    store_batch_order_put(b, &order);
    store_batch_host_agents(b, owner, epoch, "{}");
}

static void add_dags(struct store_batch *b, const char *prefix)
{
    const struct store_dag dag = sample_dag("plans", prefix);
    const struct store_secret secret = {.tenant = SAMPLE_TENANT, prefix, 1, "x", 1, NULL, 1};
    const struct store_plugin plugin = {"", prefix, "1", SAMPLE_HASH_A, "{}", "k", "i", 1};
    const struct store_bundle_part part = {"", prefix, 0, "x", 1};
    const struct store_bundle bundle = {"", prefix, "1", "k", SAMPLE_HASH_A, prefix, 1, 1, 0, 0};

    store_batch_dag_put(b, &dag);
    store_batch_secret_put(b, &secret);
    store_batch_plugin_put(b, &plugin);
    store_batch_bundle_part_put(b, &part);
    store_batch_bundle_put(b, &bundle);
    store_batch_dag_set_enabled(b, SAMPLE_TENANT, "plans", prefix, false, 1);
    store_batch_dag_delete(b, SAMPLE_TENANT, "plans", 1);
    store_batch_secret_delete(b, SAMPLE_TENANT, prefix, 0);
    store_batch_bundle_release(b, "", prefix, 1);
    store_batch_bundle_remove(b, "", prefix, 1);
    store_batch_plugin_delete(b, "", prefix, "1");
}

static void add_schedules(struct store_batch *b, const char *prefix)
{
    const struct store_schedule schedule = {.tenant = SAMPLE_TENANT,
                                            .schedule_id = prefix,
                                            .dag_id = "d",
                                            .rule_kind = "every",
                                            .rule = "1s",
                                            .timezone = "UTC",
                                            .dst_policy = "shift",
                                            .missed_policy = "last",
                                            .overlap_policy = "skip",
                                            .inputs = "{}",
                                            .missed_max = 1,
                                            .next_due_us = 1,
                                            .next_fire_us = 1,
                                            .created_us = 1,
                                            .updated_us = 1};
    const struct store_schedule_move move = {SAMPLE_TENANT,     prefix,
                                             .from_us = 1,      .next_due_us = 2,
                                             .next_fire_us = 2, .updated_us = 2};
    const struct store_firing firing = {.tenant = SAMPLE_TENANT,
                                        prefix,
                                        .due_us = 1,
                                        .outcome = "missed"};

    store_batch_schedule_put(b, &schedule);
    store_batch_schedule_pause(b, &move);
    store_batch_schedule_move(b, &move);
    store_batch_firing_put(b, &firing);
    store_batch_firing_note(b, &firing);
    store_batch_firing_take(b, &firing);
    store_batch_schedule_delete(b, SAMPLE_TENANT, prefix);
}

static void add_backfills(struct store_batch *b, const char *prefix)
{
    const struct store_backfill backfill = {.tenant = SAMPLE_TENANT,
                                            .backfill_id = prefix,
                                            .schedule_id = prefix,
                                            .status = "pending",
                                            .reason = "",
                                            .ticket = "",
                                            .max_parallel = 1,
                                            .total = 1,
                                            .from_us = 1,
                                            .to_us = 1,
                                            .next_due_us = 1,
                                            .created_us = 1,
                                            .updated_us = 1};
    const struct store_backfill_mark mark = {SAMPLE_TENANT, prefix, prefix, "running", 1};
    const struct store_backfill_move move = {SAMPLE_TENANT, prefix, prefix, .from_us = 1,
                                             .updated_us = 1};
    const struct store_backfill_run run = {SAMPLE_TENANT, prefix, 1, prefix, "r"};

    store_batch_backfill_put(b, &backfill);
    store_batch_backfill_mark(b, &mark);
    store_batch_backfill_run_put(b, &run);
    store_batch_backfill_move(b, &move);
    store_batch_backfill_run_done(b, &run);
}

static void add_lanes(struct store_batch *b, const char *prefix)
{
    store_batch_lane_put(b, &(struct store_lane){.lane = prefix,
                                                 .version = 1,
                                                 .members = "{}",
                                                 .said_by = "",
                                                 .said_in = "",
                                                 .reason = "",
                                                 .said_us = 1});
}

static void add_letters(struct store_batch *b, const char *prefix)
{
    const struct store_dead_letter letter = {.dead_letter_id = prefix,
                                             .tenant = SAMPLE_TENANT,
                                             .task_id = "t",
                                             .run_id = prefix,
                                             .lane = "ml",
                                             .reason = "permanent_error",
                                             .error_class = "E",
                                             .message = "m",
                                             .fingerprint = SAMPLE_HASH_A,
                                             .replayed_by = "",
                                             .deaths = 1,
                                             .attempts = 1,
                                             .priority = 5,
                                             .first_us = 1,
                                             .last_us = 1};

    store_batch_dead_letter_put(b, &letter);
    store_batch_dead_letter_replayed(b, SAMPLE_TENANT, prefix, "t2");
    store_batch_dead_letter_clear(b, SAMPLE_TENANT, prefix, 1);
    store_batch_dead_letter_drop(b, SAMPLE_TENANT, "none");
    store_batch_dead_snapshot_put(b, &(struct store_dead_snapshot){SAMPLE_TENANT, prefix, "", NULL,
                                                                   "[]", "", 1, 1});
}

static void add_quotas(struct store_batch *b, const char *prefix)
{
    const struct store_quota quota = {.tenant = SAMPLE_TENANT,
                                      .quota_id = prefix,
                                      .job_type = prefix,
                                      .weight = 1,
                                      .version = 1,
                                      .created_us = 1,
                                      .updated_us = 1};
    struct store_quota next = quota;

    next.version = 2;
    store_batch_quota_put(b, &quota);
    store_batch_quota_change(b, &next);
    store_batch_quota_delete(b, SAMPLE_TENANT, prefix, 2);
}

static void add_gates(struct store_batch *b, const char *prefix)
{
    const struct store_gate gate = {.tenant = SAMPLE_TENANT,
                                    .run_id = prefix,
                                    .kind = STORE_GATE_CONCURRENCY,
                                    .dag_id = prefix,
                                    .gate_key = prefix,
                                    .bound = 2,
                                    .on_conflict = "queue",
                                    .created_us = 1,
                                    .due_us = 1,
                                    .first_us = 1};

    store_batch_gate_put(b, &gate);
    store_batch_gate_join(b, &gate);
    store_batch_gate_take_now(b, &gate);
    store_batch_gate_take(b, &gate);
    store_batch_gate_open(b, &gate);
    store_batch_gate_end(b, SAMPLE_TENANT, prefix);
}

static void add_others(struct store_batch *b, const char *prefix)
{
    const struct store_idempotency answer = {SAMPLE_TENANT, prefix, "/", "", 200, "{}", 1, 2};
    const struct store_revoked_token token = {prefix, SAMPLE_TENANT, "", 1, 2};
    const struct store_identity identity = {prefix, "k", 1};
    const struct store_tenant tenant = {prefix, "", "{}", true, 1};
    const struct store_ledger_head head = {.tenant = prefix,
                                           .tree_size = 1,
                                           .last_seq = 1,
                                           .root_hash = SAMPLE_HASH_A,
                                           .envelope = "{}",
                                           .created_us = 1};

    store_batch_idempotency_put(b, &answer);
    store_batch_token_revoke(b, &token);
    store_batch_identity_put(b, &identity);
    store_batch_tenant_put(b, &tenant);
    store_batch_ledger_head_put(b, &head);
    store_batch_purge_expired(b, 3);
    store_batch_firings_purge(b, SAMPLE_TENANT, "s-1", 3);
}

void plan_write_all(const char *prefix, const char *owner, int64_t epoch,
                    struct store_batch *ret[PLAN_BATCHES])
{
    char run_id[ID_BYTES];

    for (int i = 0; i < PLAN_BATCHES; i++)
        ret[i] = store_batch_new();
    for (int i = 0; i < RUNS; i++) {
        snprintf(run_id, sizeof run_id, "%s-%d", prefix, i);
        add_start(ret[0], run_id, owner, epoch);
        add_steps(ret[1], run_id);
        add_hosts(ret[2], run_id, owner, epoch);
        add_end(ret[3], run_id);
        add_behind_the_end(ret[4], run_id, owner, epoch);
    }
    add_dags(ret[5], prefix);
    add_others(ret[5], prefix);
    add_backfills(ret[5], prefix);
    add_schedules(ret[5], prefix);
    add_lanes(ret[5], prefix);
    add_letters(ret[5], prefix);
    add_quotas(ret[5], prefix);
    add_gates(ret[5], prefix);
}
