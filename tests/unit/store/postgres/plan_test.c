/* plan_test.c -- what a statement costs, whatever the tables hold: every question and every write
 * of the driver, with what their triggers and keys ask, on tables that hold thousands of rows. The
 * plans are those that a host keeps (for any parameters): made while the tables were new, and made
 * again when they were analyzed. What counts is what was touched, not what was estimated. */
#include "fixture.h"

#include "plan_subjects.h"
#include "plans.h"
#include "store/postgres/conn.h"
#include "store/postgres/exchange.h"
#include "store/postgres/kind.h"
#include "store/postgres/read.h"
#include "store/postgres/writes.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

/* A page of a list has 10 rows, a group what three runs write. */
enum { ROWS_MAX = 120, PAGES_MAX = 400, PARAMS_MAX = 12, FAULTS_BYTES_MAX = 100000 };

/* What may touch more, and why that is little. */
static const struct {
    const char *name;
    const char *why;
    bool while_new; /* and no longer */
} allowed[] = {
    {"Q_STATUS_COUNTS", "the tenant's runs, from an index alone", false},
    {"Q_RUN_DURATION", "STORE_STATS_RUNS_MAX runs", false},
    {"Q_NODE_DURATION", "what STORE_STATS_RUNS_MAX runs executed", false},
    {"Q_SLOW_NODES", "the same", false},
    {"Q_RUNS_OF_HOST", "the runs that go on at one host, from an index alone", false},
    {"Q_DEAD_TOTALS", "STORE_DEAD_COUNTED_MAX letters of the tenant", false},
    {"Q_DEAD_BY_LANE", "the same", false},
    {"Q_DEAD_BY_CLASS", "the same", false},
    {"Q_DEAD_GROUPS", "the same", false},
    {"Q_DEAD_DEPTHS", "all letters, once a scrape, on a thread", false},
    {"Q_JOB_COUNTS", "STORE_JOBS_COUNTED_MAX tasks of the tenant, on a thread", false},
    {"Q_JOB_COUNTS_OF_LANE", "the same", false},
    {"Q_RUNS_OF_LANE", "the tenant's letters, and a table that grew is soon analyzed", true},
    {"Q_RUNS_OF_LANE_AND_STATUSES", "the same", true},
    {"OP_DAG_SET_ENABLED", "rare, and a table that grew is soon analyzed", true},
    {"OP_DAG_DELETE", "the same", true},
};

struct known {
    const char *name;
    char *sql;
    bool seen;
};
static struct known known[QUERY_COUNT + OP_COUNT];
static const char *const names[] = {
#define XX(name, row) "Q_" #name,
    QUERY_MAP(XX)
#undef XX
#define XX(kind, row, text) "OP_" #kind,
        STORE_OP_MAP(XX)
#undef XX
};

static char *expanded(const char *sql, const struct row_type *row)
{
    auto_done(buf) b = {0};

    kind_expand(&b, sql, row);
    return mem_str(buf_text(&b));
}

static void know_all(void)
{
    for (int i = 0; i < QUERY_COUNT + OP_COUNT; i++) {
        int op = i - QUERY_COUNT;

        known[i].name = names[i];
        known[i].sql =
            op < 0 ? expanded(pg_queries[i], query_rows[i]) : expanded(pg_writes[op], op_rows[op]);
    }
}

static void forget_all(void)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        free(take(known[i].sql));
}

/* The statement's name, or its text where it is a trigger's or a key's. */
static const char *name_of(const char *sql)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(known[i].sql, sql) == 0) {
            known[i].seen = true;
            return known[i].name;
        }
    }
    return sql;
}

/* ---- the judge ---- */

static bool judges; /* false: what is executed is only to be kept */
static bool is_new;
static struct buf faults;

static bool is_allowed(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
        if (strcmp(allowed[i].name, name) == 0)
            return is_new || !allowed[i].while_new;
    }
    return false;
}

struct trial {
    const char *name;
    bool shown;
    const struct plan *plan;
};

static void add_fault(struct trial *t, const char *what, double count)
{
    if (faults.len > FAULTS_BYTES_MAX)
        return;
    buf_addf(&faults, "%s: %s: %.0f\n", t->name, what, count);
    if (!t->shown)
        buf_addf(&faults, "%s\n", t->plan->text);
    t->shown = true;
}

static void judge_step(void *arg, const struct plan_step *step)
{
    if (step->rows + step->passed_by > ROWS_MAX)
        add_fault(arg, step->what, step->rows + step->passed_by);
}

static void judge(void *arg unused_arg, const struct plan *plan)
{
    struct trial t = {plan->sql != NULL ? name_of(plan->sql) : "", false, plan};

    if (plan->sql == NULL || !judges || is_allowed(t.name))
        return;
    plan_each_step(plan, judge_step, &t);
    if (plan_pages(plan) > PAGES_MAX)
        add_fault(&t, "pages", (double)plan_pages(plan));
}

/* ---- a reader whose questions are executed as the driver's own, and answered with nothing ---- */

static PGconn *reads;
static bool prepared[QUERY_COUNT];

static PGresult *last_result(void)
{
    PGresult *last = NULL, *next;
    struct err e = {0};

    for (;;) {
        ck_assert_msg(pg_conn_wait(reads, INT64_MAX, &e), "%s", e.msg);
        next = PQgetResult(reads);
        if (next == NULL)
            return last;
        PQclear(last);
        last = next;
    }
}

static void check_result(const char *name)
{
    auto_result result = last_result();

    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK ||
                      PQresultStatus(result) == PGRES_COMMAND_OK,
                  "%s: %s", name, PQerrorMessage(reads));
}

static void execute(const struct question *q)
{
    const char *values[PARAMS_MAX];
    uint64_t numbers[PARAMS_MAX];
    int lens[PARAMS_MAX], binary[PARAMS_MAX];
    Oid types[PARAMS_MAX];
    const char *name = names[q->query];

    for (size_t i = 0; i < q->param_count; i++) {
        const struct param *p = &q->params[i];
        bool is_text = p->text != NULL || p->null;

        numbers[i] = htobe64((uint64_t)(p->time ? kind_time_to_pg(p->number) : p->number));
        values[i] = is_text ? p->text : (const char *)&numbers[i];
        lens[i] = !is_text ? (int)sizeof numbers[i] : p->text != NULL ? (int)strlen(p->text) : 0;
        types[i] = is_text ? PG_TEXT : p->time ? PG_TIMESTAMPTZ : PG_INT8;
        binary[i] = 1;
    }
    if (!prepared[q->query]) {
        ck_assert(PQsendPrepare(reads, name, known[q->query].sql, (int)q->param_count, types) == 1);
        check_result(name);
        prepared[q->query] = true;
    }
    ck_assert(PQsendQueryPrepared(reads, name, (int)q->param_count, values, lens, binary, 1) == 1);
    check_result(name);
}

static bool no_rows(struct store_reader *r unused_arg, const struct question *q,
                    struct answer *answer unused_arg, struct err *e unused_arg)
{
    execute(q);
    return true;
}

static bool a_number(struct store_reader *r unused_arg, const struct question *q, int64_t *ret_int,
                     double *ret_real, struct err *e unused_arg)
{
    execute(q);
    *ret_int = 12000; /* the newest event: the others are asked for */
    *ret_real = 0;
    return true;
}

static void read_all(void)
{
    static const struct store_driver driver = {.rows = no_rows, .number = a_number};
    struct store_reader reader = {&driver};

    plan_ask_all(&reader);
}

/* ---- a writer ---- */

static struct exchange writes;
static struct host_row host;

static void check_answer(enum answer_kind kind, const struct err *e)
{
    ck_assert_msg(kind == ANSWER_DONE, "%s", e->msg);
}

static void write_all(const char *prefix)
{
    struct store_batch *batches[PLAN_BATCHES];
    struct err e = {0};
    int64_t token;

    plan_write_all(prefix, host.host_id, host.epoch, batches);
    for (int i = 0; i < PLAN_BATCHES; i++) {
        check_answer(exchange_commit(&writes, &host, host.token + 1, &batches[i], 1, &e), &e);
        host.token++;
        check_answer(exchange_find_events(&writes, &batches[i], 1, &e), &e);
    }
    check_answer(exchange_token(&writes, &host, &token, &e), &e);
    ck_assert_int_eq(token, host.token);
    for (int i = 0; i < PLAN_BATCHES; i++)
        store_batch_free(batches[i]);
}

static void begin(void)
{
    /* Nobody renews its row: it is to be alive for as long as the test takes. */
    const struct store_options options = {.host_id = "plans",
                                          .address = "",
                                          .lease_ttl_ms = 3600 * 1000};
    struct err e = {0};

    know_all();
    reads = plans_connect(fixture_url, true);
    plans_tell(reads, judge, NULL);
    writes.conn = plans_connect(fixture_url, false);
    ck_assert_msg(host_row_take(writes.conn, &options, &host, &e), "%s", e.msg);
    ck_assert(PQenterPipelineMode(writes.conn) == 1);
    ck_assert_msg(exchange_prepare(&writes, &e), "%s", e.msg);
    plans_tell(writes.conn, judge, NULL);
}

static void end(void)
{
    pg_conn_close(reads);
    pg_conn_close(writes.conn);
    exchange_done(&writes);
    writes = (struct exchange){0};
    memset(prepared, 0, sizeof prepared);
    host_row_done(&host);
    forget_all();
    buf_done(&faults);
}

static void check_faults(const char *when)
{
    is_new = strcmp(when, "new") == 0;
    read_all();
    write_all(when);
    fputs(faults.len > 0 ? buf_text(&faults) : "",
          stderr); /* more than a message of Check's takes */
    ck_assert_msg(faults.len == 0, "plans of %s tables touch too much: see above", when);
}

START_TEST(no_statement_touches_more_than_it_finds)
{
    begin();
    read_all();
    write_all("empty");
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        ck_assert_msg(known[i].seen, "%s was not tried", known[i].name);
    plan_fill();
    judges = true;
    check_faults("new");
    ck_assert_int_eq(outside_sql("ANALYZE"), 0);
    check_faults("analyzed");
    end();
}
END_TEST

/* ---- what a group costs, in numbers that are the same on every machine ---- */

static struct counts {
    int plans, statements, inner; /* of triggers and keys */
} counts;

static void count(void *arg unused_arg, const struct plan *plan)
{
    bool is_ours;

    if (plan->sql == NULL) {
        counts.plans++;
        return;
    }
    is_ours = strcmp(plan->sql, pg_write_begin) == 0 || name_of(plan->sql) != plan->sql;
    counts.statements += is_ours ? 1 : 0;
    counts.inner += is_ours ? 0 : 1;
}

enum { GROUP_RUNS = 20 };

/* A batch of each run in one group: its start, or a step of it. */
static void write_group(int step)
{
    struct store_batch *batches[GROUP_RUNS];
    char run_id[16], node_id[8];
    struct err e = {0};

    counts = (struct counts){0};
    snprintf(node_id, sizeof node_id, "n%d", step);
    for (int i = 0; i < GROUP_RUNS; i++) {
        struct store_run run;

        snprintf(run_id, sizeof run_id, "group-%d", i);
        run = sample_run(run_id);
        batches[i] = store_batch_new();
        if (step == 0)
            store_batch_run_insert(batches[i], &run);
        sample_step(batches[i], run_id, node_id, 1 + step * 2);
    }
    check_answer(exchange_commit(&writes, &host, host.token + 1, batches, GROUP_RUNS, &e), &e);
    host.token++;
    for (int i = 0; i < GROUP_RUNS; i++)
        store_batch_free(batches[i]);
}

START_TEST(a_group_is_a_statement_a_kind_and_a_look_at_its_events_and_no_plan)
{
    begin();
    plans_tell(writes.conn, count, NULL);
    for (int step = 0; step < 8; step++) {
        write_group(step);
        if (step < 2)
            continue; /* the first of each makes its plan */
        ck_assert_int_eq(counts.plans, 0);
        ck_assert_int_eq(counts.statements, 6);             /* the fence, four tables, events */
        ck_assert_int_eq(counts.inner, GROUP_RUNS * 4 + 1); /* each row's run, and the chains */
    }
    end();
}
END_TEST

TCase *plan_cases(void)
{
    TCase *c = tcase_create("plan");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, no_statement_touches_more_than_it_finds);
    tcase_add_test(c, a_group_is_a_statement_a_kind_and_a_look_at_its_events_and_no_plan);
    tcase_set_timeout(c, 170);
    return c;
}
