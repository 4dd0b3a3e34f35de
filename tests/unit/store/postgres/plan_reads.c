/* plan_reads.c -- plan_ask_all of plan_subjects.h. What is answered does not matter, nor whether it
 * is an error that there is none. */
#include "fixture.h"
#include "plan_subjects.h"
#include "store/page.h"

#define OPEN (1u << STORE_RUN_PENDING | 1u << STORE_RUN_RUNNING | 1u << STORE_RUN_PAUSED)
#define ENDED (1u << STORE_RUN_COMPLETED | 1u << STORE_RUN_FAILED)
#define LATER (SAMPLE_TIME * 2) /* behind all that is there */

/* read(..., &list, NULL), whatever comes. */
#define ASK_LIST_OF(row, read, ...)                                                                \
    do {                                                                                           \
        auto_done(store_##row##_list) l = {0};                                                     \
        if (!read(__VA_ARGS__, &l, NULL))                                                          \
            store_##row##_list_done(&l);                                                           \
    } while (0)

static const char *const runs[] = {"r1", "none"};
static const struct store_page first = {.size = 10};

/* On from a row that stands in the middle. */
static struct store_page middle(struct arena *mem, int64_t number, const char *text,
                                const char *more)
{
    return (struct store_page){page_token(mem, &(struct page_key){number, text, more, ""}), 10};
}

static void ask_runs(struct store_reader *r, struct arena *mem)
{
    static const uint32_t statuses[] = {0, OPEN, ENDED};
    static const char *const dags[] = {NULL, "d2", "none"};
    struct store_page pages[] = {first, middle(mem, SAMPLE_TIME, "5", "")};

    for (int i = 0; i < 3 * 3 * 3 * 2 * 2; i++) {
        const struct store_run_filter filter = {
            .tenant = SAMPLE_TENANT,
            .dag_id = dags[i % 3],
            .statuses = statuses[i / 3 % 3],
            .statement = i / 9 % 3,
            .from_us = i / 54 % 2 == 1 ? LATER : 0,
        };

        ASK_LIST_OF(run, store_read_runs, r, &filter, pages[i / 27 % 2]);
    }
}

static void ask_lanes(struct store_reader *r, struct arena *mem)
{
    static const uint32_t statuses[] = {0, OPEN, ENDED};
    struct store_page pages[] = {first, middle(mem, SAMPLE_TIME, "5", "")};

    for (int i = 0; i < 3 * 2; i++) {
        const struct store_run_filter filter = {.tenant = SAMPLE_TENANT,
                                                .lane = "l5",
                                                .statuses = statuses[i % 3]};

        ASK_LIST_OF(run, store_read_runs, r, &filter, pages[i / 3]);
    }
}

static void ask_hosts(struct store_reader *r, struct arena *mem)
{
    struct store_page on = middle(mem, SAMPLE_TIME, "5", "");
    struct store_status_counts counts;
    struct store_durations durations;
    int64_t count;

    ASK_LIST_OF(run, store_read_run_by_token, r, SAMPLE_TENANT, "t1", "busy", SAMPLE_HASH_A);
    ASK_LIST_OF(run, store_read_task, r, SAMPLE_TENANT, "t1");
    ASK_LIST_OF(run, store_read_unfinished, r, SAMPLE_HOST, 1, first);
    ASK_LIST_OF(run, store_read_unfinished, r, SAMPLE_HOST, 1, on);
    ASK_LIST_OF(run, store_read_free_runs, r, first);
    ASK_LIST_OF(run, store_read_free_runs, r, on);
    ASK_LIST_OF(order, store_read_orders, r, SAMPLE_HOST, 1, first);
    ASK_LIST_OF(job, store_read_jobs, r, first);
    ASK_LIST_OF(host, store_read_hosts, r, first);
    (void)!store_read_runs_of(r, SAMPLE_HOST, 1, &count, NULL);
    ASK_LIST_OF(run, store_read_unsigned, r, first);
    ASK_LIST_OF(run, store_read_unsigned, r, on);
    ASK_LIST_OF(slow_node, store_read_slow_nodes, r, SAMPLE_TENANT);
    (void)!store_read_status_counts(r, SAMPLE_TENANT, &counts, NULL);
    (void)!store_read_durations(r, SAMPLE_TENANT, &durations, NULL);
}

static void ask_of_run(struct store_reader *r, const char *run)
{
    static const char *const nodes[] = {NULL, "n1", "none"};

    ASK_LIST_OF(run, store_read_run, r, SAMPLE_TENANT, run);
    ASK_LIST_OF(run, store_read_run_head, r, SAMPLE_TENANT, run);
    for (int outputs = 0; outputs < 2; outputs++) {
        const struct store_node_filter filter = {SAMPLE_TENANT, run, outputs == 1};

        ASK_LIST_OF(node, store_read_nodes, r, &filter, first);
    }
    ASK_LIST_OF(node, store_read_node, r, SAMPLE_TENANT, run, "n1");
    for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
        const struct store_log_filter logs = {.tenant = SAMPLE_TENANT, .run_id = run, nodes[i]};

        ASK_LIST_OF(attempt, store_read_attempts, r, SAMPLE_TENANT, run, nodes[i], first);
        ASK_LIST_OF(log, store_read_logs, r, &logs, 10);
    }
    ASK_LIST_OF(checkpoint, store_read_checkpoints, r, SAMPLE_TENANT, run, first);
    ASK_LIST_OF(provenance, store_read_provenance, r, SAMPLE_TENANT, run, first);
    ASK_LIST_OF(event, store_read_last_event, r, SAMPLE_TENANT, run);
    ASK_LIST_OF(statement, store_read_statement, r, SAMPLE_TENANT, run);
}

static void ask_ledger(struct store_reader *r)
{
    static const struct store_event_filter filters[] = {
        {.tenant = SAMPLE_TENANT},
        {.tenant = SAMPLE_TENANT, .run_id = "r1"},
        {.tenant = SAMPLE_TENANT, .run_id = "r1", .status = "running"},
    };
    int64_t oldest, newest;

    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        auto_done(store_event_list) l = {0};

        if (!store_read_events(r, &filters[i], 6000, 10, &l, &newest, NULL))
            continue;
    }
    ASK_LIST_OF(event, store_read_events_after, r, SAMPLE_TENANT, 6000, 10);
    (void)!store_read_event_bounds(r, SAMPLE_TENANT, &oldest, &newest, NULL);
    ASK_LIST_OF(ledger_head, store_read_ledger_head, r, SAMPLE_TENANT);
    ASK_LIST_OF(ledger_head, store_read_ledger_head_before, r, SAMPLE_TENANT, SAMPLE_TIME);
    ASK_LIST_OF(ledger_head, store_read_ledger_head_from, r, SAMPLE_TENANT, SAMPLE_TIME);
    ASK_LIST_OF(leaf, store_read_leaves, r, SAMPLE_TENANT, 6000, 7000, 10);
    ASK_LIST_OF(ledger, store_read_ledgers, r, first);
}

static void ask_dags(struct store_reader *r, struct arena *mem)
{
    static const char *const dags[] = {NULL, "busy", "none"};
    struct store_page pages[] = {first, middle(mem, 0, "busy", "000003000")};
    int64_t count;

    for (int i = 0; i < 4 * 2 * 3 * 2; i++) {
        const struct store_dag_filter filter = {
            .tenant = SAMPLE_TENANT,
            .dag_id = dags[i / 8 % 3],
            .state = i % 4,
            .heads = i / 4 % 2 == 1,
        };

        ASK_LIST_OF(dag, store_read_dags, r, &filter, pages[i / 24]);
        ASK_LIST_OF(dag, store_read_dag_latest, r, SAMPLE_TENANT, "busy", i % 4);
        ASK_LIST_OF(dag, store_read_dag_latest_head, r, SAMPLE_TENANT, "busy", i % 4);
    }
    ASK_LIST_OF(dag, store_read_dag, r, SAMPLE_TENANT, "busy", "3000");
    ASK_LIST_OF(dag, store_read_dag_head, r, SAMPLE_TENANT, "busy", "3000");
    (void)!store_read_dag_count(r, SAMPLE_TENANT, &count, NULL);
}

static void ask_letters(struct store_reader *r)
{
    struct store_dead_filter filter = {.tenant = SAMPLE_TENANT, .lane = "l5"};
    struct store_dead_totals totals;

    ASK_LIST_OF(dead_letter, store_read_dead_letters, r, &filter, first);
    filter.fingerprint = "f5";
    ASK_LIST_OF(dead_letter, store_read_dead_letters, r, &filter, first);
    ASK_LIST_OF(dead_letter, store_read_dead_letter, r, SAMPLE_TENANT, "r5");
    ASK_LIST_OF(dead_count, store_read_dead_depths, r, 10);
    ASK_LIST_OF(dead_snapshot, store_read_dead_snapshot, r, SAMPLE_TENANT, "s5");
    (void)!store_read_dead_totals(r, SAMPLE_TENANT, &totals, NULL);
    ASK_LIST_OF(dead_count, store_read_dead_counts, r, SAMPLE_TENANT, STORE_DEAD_BY_LANE);
    ASK_LIST_OF(dead_count, store_read_dead_counts, r, SAMPLE_TENANT, STORE_DEAD_BY_CLASS);
    ASK_LIST_OF(dead_group, store_read_dead_groups, r, SAMPLE_TENANT, "l5", 10);
}

static void ask_quotas(struct store_reader *r)
{
    struct store_quota_filter filter = {.tenant = SAMPLE_TENANT, .job_type = "l5"};
    struct store_status_counts counts;

    ASK_LIST_OF(quota, store_read_quotas, r, &filter, first);
    filter.job_type = NULL;
    ASK_LIST_OF(quota, store_read_quotas, r, &filter, first);
    ASK_LIST_OF(quota, store_read_quotas_of_all, r, first);
    ASK_LIST_OF(quota, store_read_quota, r, SAMPLE_TENANT, "q5");
    (void)!store_read_job_counts(r, SAMPLE_TENANT, NULL, NULL, &counts, NULL);
    (void)!store_read_job_counts(r, SAMPLE_TENANT, "d5", "l5", &counts, NULL);
}

static void ask_gates(struct store_reader *r)
{
    const struct store_gate of = {.tenant = SAMPLE_TENANT,
                                  .run_id = "r5",
                                  .kind = STORE_GATE_CONCURRENCY,
                                  .dag_id = "d5",
                                  .gate_key = "k5",
                                  .created_us = 1};
    int64_t ahead;

    ASK_LIST_OF(gate, store_read_gate, r, SAMPLE_TENANT, "r5", STORE_GATE_DEBOUNCE);
    ASK_LIST_OF(gate, store_read_gates_held, r, &of, 10);
    ASK_LIST_OF(gate, store_read_gates_newest, r, &of, 10);
    (void)!store_read_gates_ahead(r, &of, &ahead, NULL);
}

static void ask_others(struct store_reader *r, struct arena *mem)
{
    struct store_page on = middle(mem, 0, "s5", "");
    int64_t count;
    bool wait;

    ASK_LIST_OF(secret, store_read_secrets, r, SAMPLE_TENANT, first);
    ASK_LIST_OF(secret, store_read_secrets, r, SAMPLE_TENANT, on);
    ASK_LIST_OF(secret, store_read_secret, r, SAMPLE_TENANT, "s5", 0);
    ASK_LIST_OF(secret, store_read_secret, r, SAMPLE_TENANT, "s5", 5);
    ASK_LIST_OF(plugin, store_read_plugins, r, SAMPLE_TENANT, first);
    ASK_LIST_OF(plugin, store_read_plugins, r, NULL, first);
    ASK_LIST_OF(bundle, store_read_bundles, r, first);
    ASK_LIST_OF(bundle_part, store_read_bundle_part, r, "h5", 3);
    ASK_LIST_OF(idempotency, store_read_idempotency, r, SAMPLE_TENANT, "k1", "/", 1);
    ASK_LIST_OF(revoked_token, store_read_revoked_tokens, r, SAMPLE_TIME, first);
    ASK_LIST_OF(revoked_token, store_read_revoked_tokens, r, SAMPLE_TIME, on);
    ASK_LIST_OF(tenant, store_read_tenants, r, first);
    ASK_LIST_OF(schedule, store_read_schedules, r, SAMPLE_TENANT, NULL, first);
    ASK_LIST_OF(schedule, store_read_schedules, r, SAMPLE_TENANT, NULL, on);
    ASK_LIST_OF(schedule, store_read_schedules, r, SAMPLE_TENANT, "d2", on);
    ASK_LIST_OF(schedule, store_read_schedule, r, SAMPLE_TENANT, "s5");
    ASK_LIST_OF(schedule, store_read_schedules_next, r, SAMPLE_TIME, 10);
    ASK_LIST_OF(firing, store_read_firings, r, SAMPLE_TENANT, "s5", first);
    ASK_LIST_OF(firing, store_read_firing, r, SAMPLE_TENANT, "s5", SAMPLE_TIME);
    ASK_LIST_OF(schedule, store_read_schedules_queued, r, 10);
    ASK_LIST_OF(firing, store_read_firing_queued, r, SAMPLE_TENANT, "s7");
    (void)!store_read_firings_queued(r, SAMPLE_TENANT, "s7", &count, NULL);
    (void)!store_read_firings_wait(r, &wait, NULL);
    ASK_LIST_OF(backfill, store_read_backfills, r, SAMPLE_TENANT, "s5", first);
    ASK_LIST_OF(backfill, store_read_backfills, r, SAMPLE_TENANT, "s5", on);
    ASK_LIST_OF(backfill, store_read_backfill, r, SAMPLE_TENANT, "b5");
    ASK_LIST_OF(backfill, store_read_backfills_begin, r, 10);
    (void)!store_read_backfill_runs(r, SAMPLE_TENANT, "b7", &count, NULL);
    ASK_LIST_OF(backfill_run, store_read_backfill_runs_over, r, 10);
    (void)!store_read_backfills_wait(r, &wait, NULL);
    ask_letters(r);
    ask_quotas(r);
    ask_gates(r);
    ASK_LIST_OF(lane, store_read_lanes, r, first);
    ASK_LIST_OF(lane, store_read_lane, r, "l5");
    ASK_LIST_OF(lane, store_read_lane_versions, r, "l5", first);
    if (true) {
        auto_done(store_identity_list) l = {0};

        (void)!store_read_identity(r, &l, NULL);
    }
}

void plan_ask_all(struct store_reader *r)
{
    struct arena *mem = arena_new();

    ask_runs(r, mem);
    ask_lanes(r, mem);
    ask_hosts(r, mem);
    for (size_t i = 0; i < ARRAY_LEN(runs); i++)
        ask_of_run(r, runs[i]);
    ask_ledger(r);
    ask_dags(r, mem);
    ask_others(r, mem);
    arena_free(mem);
}
