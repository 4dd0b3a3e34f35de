/* main.c -- what the cases share, and the program that runs them. */
#include "reads.h"
#include "suites.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/ledger/event.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct rig rig;

static void setup(void)
{
    rig_open(&rig, (struct rig_options){0});
}

static void teardown(void)
{
    struct reads reads;

    rig_close(&rig);
    reads = reads_now();
    ck_assert_msg(reads.on_loop == 0, "the loop has read or written %u definitions and outputs",
                  reads.on_loop);
}

void publish_chain(void)
{
    rig_publish(&rig, "{\"name\":\"chain\",\"dag_id\":\"chain\",\"version\":\"1.0.0\",\"nodes\":{"
                      "\"first\":{\"agent_id\":\"a\"},"
                      "\"second\":{\"agent_id\":\"a\",\"depends_on\":[\"first\"]}}}");
}

void publish_wide(unsigned count, const char *more)
{
    auto_done(buf) text = {0};

    buf_adds(&text, "{\"name\":\"wide\",\"dag_id\":\"wide\",\"version\":\"1.0.0\",");
    buf_addf(&text, "\"max_parallel_nodes\":500%s,\"nodes\":{", more);
    for (unsigned i = 0; i < count; i++)
        buf_addf(&text, "%s\"n%04u\":{\"agent_id\":\"a\"}", i > 0 ? "," : "", i);
    buf_adds(&text, "}}");
    rig_publish(&rig, buf_text(&text));
}

const char *run_of(const char *dag_id)
{
    static struct rig_answer answer;

    answer = rig_run(&rig, dag_id, "{}");
    ck_assert_uint_eq(answer.told, 1);
    ck_assert_msg(answer.code == ERR_NONE, "%s", answer.msg);
    return answer.run_id;
}

void run_chain(char ret[UUID_TEXT_BYTES])
{
    publish_chain();
    snprintf(ret, UUID_TEXT_BYTES, "%s", run_of("chain"));
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
}

const struct rig_event *last_event(const char *run_id)
{
    for (size_t i = rig.event_count; i > 0; i--) {
        if (strcmp(rig.events[i - 1].run_id, run_id) == 0)
            return &rig.events[i - 1];
    }
    return NULL;
}

size_t count_events(const char *run_id, const char *type, const char *status)
{
    size_t count = 0;

    for (size_t i = 0; i < rig.event_count; i++)
        count += strcmp(rig.events[i].run_id, run_id) == 0 &&
                 strcmp(rig.events[i].type, type) == 0 && strcmp(rig.events[i].status, status) == 0;
    return count;
}

static void sql_each(sqlite3 *db, const char *list)
{
    sqlite3_stmt *rows = NULL;

    ck_assert_int_eq(sqlite3_prepare_v2(db, list, -1, &rows, NULL), SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW)
        ck_assert_int_eq(sqlite3_exec(db, (const char *)sqlite3_column_text(rows, 0), NULL, NULL,
                                      NULL),
                         SQLITE_OK);
    sqlite3_finalize(rows);
}

/* As somebody with the file in hand, who takes the tables' triggers away and puts them back. */
void outside_sql(const char *sql)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(rig.path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db,
                                  "CREATE TEMP TABLE kept AS SELECT name, sql FROM sqlite_schema"
                                  " WHERE type = 'trigger' AND tbl_name NOT IN"
                                  " (SELECT name FROM sqlite_schema WHERE type = 'view')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sql_each(db, "SELECT 'DROP TRIGGER ' || name FROM kept");
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sql_each(db, "SELECT sql FROM kept");
    sqlite3_close(db);
}

static int keep_text(void *arg, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    buf_adds(arg, values[0]);
    return 0;
}

void outside_unguarded(const char *sql)
{
    auto_done(buf) guard = {0};
    auto_done(buf) all = {0};
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(rig.path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db,
                                  "SELECT sql FROM sqlite_master"
                                  " WHERE name = 'trg_dag_workflows_immutable'",
                                  keep_text, &guard, NULL),
                     SQLITE_OK);
    buf_addf(&all, "DROP TRIGGER trg_dag_workflows_immutable; %s; %s", sql, buf_text(&guard));
    ck_assert_int_eq(sqlite3_exec(db, buf_text(&all), NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void check_link(struct event_chain *chain, const struct store_event *row)
{
    char timestamp[CLOCK_TEXT_BYTES];
    struct err e;

    clock_text(row->at_us, timestamp);
    ck_assert_msg(event_chain_check(chain,
                                    &(struct ledger_event){row->run_id, row->type, timestamp,
                                                           row->payload},
                                    (uint64_t)row->n, row->prev_hash, row->hash, &e),
                  "%s", e.msg);
}

void check_chain(const char *run_id)
{
    const struct store_event_filter filter = {.tenant = RIG_TENANT, .run_id = run_id};
    struct event_chain chain;
    int64_t after = 0, next = 0;
    struct err e;

    event_chain_begin(&chain);
    do {
        auto_done(store_event_list) rows = {0};

        after = next;
        ck_assert_msg(store_read_events(rig.reader, &filter, after, STORE_PAGE_ROWS_MAX, &rows,
                                        &next, &e),
                      "%s", e.msg);
        for (size_t i = 0; i < rows.count; i++)
            check_link(&chain, &rows.rows[i]);
    } while (next != after);
    ck_assert_uint_gt(chain.n, 0);
}

int64_t append_event(const char *tenant, const char *name)
{
    static const char hash[] = "000000000000000000000000000000000000000000000000000000000000000a";
    struct store_batch *b = store_batch_new();
    struct store_done done;
    struct err e;

    store_batch_event_append(b, &(struct store_event){.n = 1,
                                                      .tenant = tenant,
                                                      .run_id = name,
                                                      .dag_id = "",
                                                      .type = "t",
                                                      .status = "",
                                                      .trace_id = "",
                                                      .at_us = 1,
                                                      .payload = "{}",
                                                      .prev_hash = hash,
                                                      .hash = hash});
    ck_assert_msg(store_commit_wait(rig.store, &b, &done, &e), "%s", e.msg);
    return done.last_event;
}

int main(void)
{
    TCase *(*const cases[])(void) = {
        start_cases,      admission_cases,   attempt_cases,    held_cases,      refused_cases,
        change_cases,     restart_cases,     recover_cases,    evidence_cases,  size_cases,
        definition_cases, secret_cases,      agents_cases,     sandbox_cases,   names_cases,
        share_cases,      lane_cases,        kept_lanes_cases, why_cases,       log_cases,
        remembered_cases, budget_cases,      unsigned_cases,   beside_cases,    owners_cases,
        pins_cases,       stock_cases,       past_cases,       schedules_cases, backfills_cases,
        tasks_cases,      lane_limits_cases, letters_cases,    counts_cases,    workers_cases,
        shed_cases,       follow_cases,      quotas_cases,     preempt_cases,   life_cases,
        entries_cases,    intake_cases,      deadline_cases,   dag_lanes_cases, gates_cases,
        debounce_cases};
    Suite *suite = suite_create("engine");
    SRunner *runner;
    int failed;

    json_setup();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        TCase *tc = cases[i]();

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_set_timeout(tc, 200);
        suite_add_tcase(suite, tc);
    }
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
