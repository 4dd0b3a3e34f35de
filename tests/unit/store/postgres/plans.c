/* plans.c -- see plans.h. */
#include "plans.h"

#include "base/mem.h"
#include "store/postgres/conn.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COST "  (cost="
enum { STATEMENT_MS = 60000 };

static void ask(PGconn *conn, const char *sql)
{
    auto_result result = NULL;
    struct err e = {0};

    ck_assert_msg(pg_conn_ask(conn, sql, NULL, 0, &result, &e), "%s: %s", sql, e.msg);
}

static void pass_over(void *arg unused_arg, const PGresult *notice unused_arg)
{
}

PGconn *plans_connect(const char *url, bool read_only)
{
    static const char *const settings[] = {
        "LOAD 'auto_explain'",
        "SET auto_explain.log_analyze = on",
        "SET auto_explain.log_buffers = on",
        "SET auto_explain.log_timing = off",
        "SET auto_explain.log_nested_statements = on",
        "SET auto_explain.log_level = notice",
        "SET auto_explain.log_min_duration = 0",
        "SET log_planner_stats = on",
        "SET client_min_messages = log",
    };
    const struct pg_conn_options options = {.url = url,
                                            .part = "plans",
                                            .read_only = read_only,
                                            .statement_ms = STATEMENT_MS};
    struct err e = {0};
    PGconn *conn;

    ck_assert_msg(pg_conn_open(&options, &conn, &e), "%s", e.msg);
    PQsetNoticeReceiver(conn, pass_over, NULL);
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        ask(conn, settings[i]);
    return conn;
}

/* ---- what is told ---- */

struct teller {
    plan_fn *told;
    void *arg;
};

/* "PLANNER STATISTICS", or "duration: 0.1 ms  plan:\nQuery Text: SELECT ...\nLimit  (cost=..." */
static void tell(void *arg, const PGresult *notice)
{
    static const char before[] = "Query Text: ";
    const struct teller *t = arg;
    const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    const char *sql = message != NULL ? strstr(message, before) : NULL;
    const char *cost = sql != NULL ? strstr(sql, COST) : NULL;
    auto_mem char *text = NULL;

    if (message != NULL && strcmp(message, "PLANNER STATISTICS") == 0)
        t->told(t->arg, &(struct plan){NULL, NULL});
    if (cost == NULL)
        return;
    sql += strlen(before);
    while (cost > sql && cost[-1] != '\n')
        cost--;
    text = mem_strn(sql, (size_t)(cost - 1 - sql));
    t->told(t->arg, &(struct plan){text, cost});
}

void plans_tell(PGconn *conn, plan_fn *told, void *arg)
{
    static struct teller teller;

    teller = (struct teller){told, arg};
    PQsetNoticeReceiver(conn, tell, &teller);
}

/* ---- what a plan says ---- */

/* "  ->  Sort  (cost=1.0..2.0 rows=1 width=8) (actual rows=5 loops=2)": false for another line. */
static bool read_node(const char *line, struct plan_step *step, double *loops)
{
    const char *cost = strstr(line, COST), *actual = strstr(line, "(actual rows=");
    const char *name = line + strspn(line, " ->");

    if (cost == NULL)
        return false;
    *step = (struct plan_step){.rows = 0};
    snprintf(step->what, sizeof step->what, "%.*s", (int)(cost - name), name);
    *loops = 0;
    if (actual != NULL && sscanf(actual, "(actual rows=%lf loops=%lf)", &step->rows, loops) == 2)
        step->rows *= *loops;
    return true;
}

static double read_dropped(const char *line)
{
    static const char *const words[] = {"Rows Removed by Filter: ", "Rows Removed by Join Filter: ",
                                        "Rows Removed by Index Recheck: "};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const char *at = strstr(line, words[i]);

        if (at != NULL)
            return strtod(at + strlen(words[i]), NULL);
    }
    return 0;
}

void plan_each_step(const struct plan *plan, plan_step_fn *told, void *arg)
{
    auto_mem char *text = mem_str(plan->text);
    struct plan_step step = {.rows = 0}, next;
    double loops = 0, next_loops;
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (!read_node(line, &next, &next_loops)) {
            step.passed_by += read_dropped(line) * loops;
            continue;
        }
        if (step.what[0] != '\0')
            told(arg, &step);
        step = next;
        loops = next_loops;
    }
    if (step.what[0] != '\0')
        told(arg, &step);
}

long plan_pages(const struct plan *plan)
{
    const char *at = strstr(plan->text, "Buffers: shared ");
    const char *end = at != NULL ? strchr(at, '\n') : NULL;
    const char *hit = at != NULL ? strstr(at, "hit=") : NULL;
    const char *read = at != NULL ? strstr(at, "read=") : NULL;
    long pages = 0;

    if (hit != NULL && (end == NULL || hit < end))
        pages += strtol(hit + strlen("hit="), NULL, 10);
    if (read != NULL && (end == NULL || read < end))
        pages += strtol(read + strlen("read="), NULL, 10);
    return pages;
}
