/* fixture.c -- a database of its own for each test (../suites.h), copied from one that is
 * migrated, in the program's cluster. */
#include "fixture.h"

#include "cluster.h"
#include "proxy.h"
#include "sql.h"
#include "store/cluster_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEMPLATE "orch_template"

const char driver_name[] = "store on PostgreSQL";
cases_fn *const driver_cases[] = {bulletin_cases, group_cases, herald_cases, wave_cases,
                                  several_cases,  race_cases,  plan_cases,   NULL};

static struct cluster *cluster;
static char *database;
static struct proxy *proxy;

static void told(void *arg unused_arg, const struct store_migration *m unused_arg)
{
}

/* Before Check runs: nothing of its may be called. */
static bool make_template(struct err *e)
{
    auto_mem char *admin = cluster_url(cluster, "postgres", "postgres");
    auto_mem char *url = cluster_url(cluster, "postgres", TEMPLATE);
    const struct store_cluster to = {.url = url};
    PGconn *conn = PQconnectdb(admin);
    PGresult *result = PQexec(conn, "CREATE DATABASE " TEMPLATE);
    bool made = PQresultStatus(result) == PGRES_COMMAND_OK ||
                err_set(e, ERR_SYSTEM, "%s", PQerrorMessage(conn));

    PQclear(result);
    PQfinish(conn);
    return made && store_cluster_migrate(&to, STORE_VERSION_NEWEST, told, NULL, e);
}

bool fixture_begin(struct err *e)
{
    return cluster_start(CLUSTER_LAZY, &cluster, e) && make_template(e);
}

void fixture_end(void)
{
    cluster_free(cluster);
}

static void admin_run(const char *sql)
{
    auto_mem char *url = cluster_url(cluster, "postgres", "postgres");
    PGconn *conn = sql_connect(url);

    sql_run(conn, sql);
    PQfinish(conn);
}

void fixture_setup(void)
{
    auto_mem char *make = NULL;

    admin_run(
        "ALTER SYSTEM RESET synchronous_standby_names"); /* as a test that was cut short left it */
    admin_run("SELECT pg_reload_conf()");
    database = mem_printf("t%d", (int)getpid());
    make = mem_printf("CREATE DATABASE %s STRATEGY file_copy TEMPLATE " TEMPLATE, database);
    admin_run(make);
    fixture_url = cluster_url(cluster, "postgres", database);
    fixture_open();
}

void fixture_teardown(void)
{
    auto_mem char *drop = mem_printf("DROP DATABASE %s WITH (FORCE)", database);

    fixture_close();
    if (proxy != NULL)
        proxy_free(take(proxy));
    admin_run(drop);
    free(take(fixture_url));
    free(take(database));
}

struct proxy *fixture_put_between(void)
{
    fixture_close();
    proxy = proxy_start(cluster_folder(cluster));
    free(fixture_url);
    fixture_url =
        mem_printf("host=%s port=5432 user=postgres dbname=%s", proxy_folder(proxy), database);
    fixture_open();
    return proxy;
}

char *fixture_direct_url(void)
{
    return cluster_url(cluster, "postgres", database);
}

static PGconn *outside_connect(void)
{
    auto_mem char *url = cluster_url(cluster, "postgres", database);
    PGconn *conn = sql_connect(url);

    sql_run(conn, "SET search_path = orchestrator");
    sql_run(conn, "SET app.is_admin = 'true'");
    return conn;
}

int outside_sql(const char *sql)
{
    PGconn *conn = outside_connect();
    bool refused = strcmp(sql_state(conn, sql), "") != 0;

    PQfinish(conn);
    return refused ? 1 : 0;
}

int64_t outside_int(const char *sql)
{
    PGconn *conn = outside_connect();
    auto_mem char *text = sql_text(conn, sql);

    PQfinish(conn);
    return strcmp(text, "t") == 0 ? 1 : strtoll(text, NULL, 10);
}

struct store *fixture_follow(void)
{
    const struct store_options options = {.url = fixture_url, .host_id = SAMPLE_HOST};
    struct store *second = NULL;
    struct err e = {0};

    ck_assert_msg(store_open(&options, &second, &e), "%s", e.msg);
    return second;
}

void fixture_drop_fence(void)
{
    ck_assert_int_eq(outside_sql("DELETE FROM hosts"), 0);
}
