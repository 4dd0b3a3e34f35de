/* main.c -- what PostgreSQL keeps by itself: the schema, its migrations, its roles. */
#include "suites.h"

#include "base/auto.h"
#include "base/mem.h"
#include "store/cluster_schema.h"

#include <stdio.h>

struct cluster *fixture_cluster;

static PGconn *superuser(const char *database)
{
    auto_mem char *url = cluster_url(fixture_cluster, "postgres", database);

    return sql_connect(url);
}

static void make_role(PGconn *conn, const char *name, const char *what)
{
    auto_mem char *make =
        mem_printf("DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '%s') THEN"
                   " CREATE ROLE %s %s; END IF; END $$",
                   name, name, what);

    sql_run(conn, make);
}

void fixture_empty(void)
{
    PGconn *conn = superuser("postgres");

    sql_run(conn, "DROP DATABASE IF EXISTS t WITH (FORCE)");
    make_role(conn, "keeper", "LOGIN CREATEROLE");
    sql_run(conn, "CREATE DATABASE t OWNER keeper STRATEGY file_copy");
    PQfinish(conn);
}

/* Made by the first test that wants it, copied by the others. */
static void make_model(PGconn *conn)
{
    auto_mem char *there = sql_text(conn, "SELECT 1 FROM pg_database WHERE datname = 'model'");

    if (*there != '\0')
        return;
    fixture_empty();
    fixture_migrate(STORE_VERSION_NEWEST);
    make_role(conn, "of_app", "LOGIN IN ROLE orchestrator_app");
    make_role(conn, "of_readonly", "LOGIN IN ROLE orchestrator_readonly");
    make_role(conn, "of_operator", "LOGIN IN ROLE orchestrator_operator");
    sql_run(conn, "ALTER DATABASE t RENAME TO model");
}

void fixture_migrated(void)
{
    PGconn *conn = superuser("postgres");

    make_model(conn);
    sql_run(conn, "DROP DATABASE IF EXISTS t WITH (FORCE)");
    sql_run(conn, "CREATE DATABASE t OWNER keeper STRATEGY file_copy TEMPLATE model");
    PQfinish(conn);
}

PGconn *fixture_as(const char *role)
{
    auto_mem char *url = cluster_url(fixture_cluster, role, "t");
    PGconn *conn = sql_connect(url);

    sql_run(conn, "SET search_path = orchestrator");
    return conn;
}

char *fixture_url(void)
{
    return cluster_url(fixture_cluster, "keeper", "t");
}

static void pass_over(void *arg unused_arg, const struct store_migration *m unused_arg)
{
}

void fixture_migrate(int version)
{
    auto_mem char *url = fixture_url();
    struct err e = {0};

    ck_assert_msg(store_cluster_migrate(&(struct store_cluster){.url = url}, version, pass_over,
                                        NULL, &e),
                  "%s", e.msg);
}

int main(void)
{
    TCase *(*const cases[])(void) = {cluster_cases, migrate_cases, roles_cases, partitions_cases,
                                     schema_cases};
    Suite *suite = suite_create("postgres_schema");
    struct err e = {0};
    SRunner *runner;
    int failed;

    if (!cluster_start(CLUSTER_LAZY, &fixture_cluster, &e)) {
        fprintf(stderr, "%s\n", e.msg);
        return 1;
    }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        suite_add_tcase(suite, cases[i]());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    cluster_free(fixture_cluster);
    return failed == 0 ? 0 : 1;
}
