/* migrate_test.c -- the schema goes up and down, on what is there, and tells the truth about it. */
#include "suites.h"

#include "base/buf.h"
#include "base/mem.h"
#include "store/cluster_schema.h"
#include "store/postgres/migrations.h"
#include "subjects.h"

#include <string.h>

/* As Flyway 9 makes it. */
#define FLYWAY                                                                                     \
    "CREATE TABLE public.flyway_schema_history (installed_rank integer NOT NULL PRIMARY KEY,"      \
    " version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL,"          \
    " script varchar(1000) NOT NULL, checksum integer, installed_by varchar(100) NOT NULL,"        \
    " installed_on timestamp NOT NULL DEFAULT now(), execution_time integer NOT NULL,"             \
    " success boolean NOT NULL)"

static void count_one(void *arg, const struct store_migration *m)
{
    int *counts = arg;

    counts[m->applied != NULL]++;
}

/* How many wait and how many were applied. */
static void status(int *ret_waiting, int *ret_applied)
{
    auto_mem char *url = fixture_url();
    struct err e = {0};
    int counts[2] = {0};

    ck_assert_msg(store_cluster_status(&(struct store_cluster){.url = url}, count_one, counts, &e),
                  "%s", e.msg);
    *ret_waiting = counts[0];
    *ret_applied = counts[1];
}

static void check_status(int applied)
{
    int waiting, now;

    status(&waiting, &now);
    ck_assert_int_eq(now, applied);
    ck_assert_int_eq(waiting, pg_migration_count - applied);
}

static enum err_code refused(int version, const char *word)
{
    auto_mem char *url = fixture_url();
    struct err e = {0};
    int counts[2] = {0};

    ck_assert(!store_cluster_migrate(&(struct store_cluster){.url = url}, version, count_one,
                                     counts, &e));
    ck_assert_msg(strstr(e.msg, word) != NULL, "%s", e.msg);
    return e.code;
}

START_TEST(an_empty_database_gets_every_step_once)
{
    check_status(0);
    fixture_migrate(STORE_VERSION_NEWEST);
    check_status(pg_migration_count);
    fixture_migrate(STORE_VERSION_NEWEST);
    check_status(pg_migration_count);
}
END_TEST

START_TEST(each_step_goes_down_and_up_again)
{
    PGconn *conn;

    for (int i = 0; i < pg_migration_count; i++) {
        int before = i > 0 ? pg_migrations[i - 1].version : 0;

        fixture_migrate(pg_migrations[i].version);
        fixture_migrate(before);
        check_status(i);
        fixture_migrate(pg_migrations[i].version);
        check_status(i + 1);
    }
    fixture_migrate(0);
    conn = fixture_as("keeper");
    auto_mem char *left =
        sql_text(conn, "SELECT string_agg(relname, ' ') FROM pg_class WHERE relkind IN ('r', 'p')"
                       " AND relnamespace = 'orchestrator'::regnamespace");
    auto_mem char *functions =
        sql_text(conn,
                 "SELECT count(*) FROM pg_proc WHERE pronamespace = 'orchestrator'::regnamespace");

    ck_assert_str_eq(left, "schema_history");
    ck_assert_str_eq(functions, "0");
    PQfinish(conn);
}
END_TEST

static char *digest_of_rows(PGconn *conn)
{
    auto_done(buf) all = {0};

    for (size_t i = 0; i < subject_count; i++) {
        if (strncmp(subjects[i].table, "plugin_bundle", strlen("plugin_bundle")) == 0)
            continue; /* made anew by 28: the hosts have the files, and put them there again */
        auto_mem char *sql = mem_printf("SELECT md5(string_agg(r::text, '|' ORDER BY r::text))"
                                        " FROM %s AS r",
                                        subjects[i].table);

        if (strcmp(subjects[i].table, "run_orders") == 0 ||
            strncmp(subjects[i].table, "schedule", strlen("schedule")) == 0 ||
            strncmp(subjects[i].table, "backfill", strlen("backfill")) == 0 ||
            strncmp(subjects[i].table, "dead_letter", strlen("dead_letter")) == 0 ||
            strcmp(subjects[i].table, "quotas") == 0 ||
            strcmp(subjects[i].table, "run_gates") == 0 ||
            strcmp(subjects[i].table, "outside_edits") == 0) /* the way back drops them */
            continue;
        auto_mem char *digest = sql_text(conn, sql);

        buf_addf(&all, "%s %s\n", subjects[i].table, digest);
    }
    return mem_str(buf_text(&all));
}

/* What a step back has no place for is not in these tables. */
START_TEST(rows_outlive_a_step_back_and_up)
{
    PGconn *conn;

    fixture_migrate(STORE_VERSION_NEWEST);
    conn = fixture_as("postgres");
    subjects_fill(conn);
    auto_mem char *before = digest_of_rows(conn);
    fixture_migrate(24);
    fixture_migrate(23);
    fixture_migrate(STORE_VERSION_NEWEST);
    auto_mem char *after = digest_of_rows(conn);

    ck_assert_str_eq(before, after);
    PQfinish(conn);
}
END_TEST

/* Rows of this month that were there before there were months stay where they are. */
START_TEST(a_filled_database_takes_the_months)
{
    PGconn *conn;

    fixture_migrate(23);
    conn = fixture_as("keeper");
    sql_run(conn, "INSERT INTO run_events (seq, tenant_id, run_id, n, dag_id, type, status, at,"
                  " trace_id, payload, prev_hash, hash) SELECT 1, 'a', substr(h, 1, 8) || '-' ||"
                  " substr(h, 9, 4) || '-7000-8000-000000000000', 1, 'd', '', '', now(), '', '{}',"
                  " '', '' FROM lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0')"
                  " AS h");
    fixture_migrate(STORE_VERSION_NEWEST);
    sql_run(conn, "SET app.current_tenant = 'a'");
    auto_mem char *where = sql_text(conn, "SELECT tableoid::regclass FROM run_events");
    auto_mem char *months =
        sql_text(conn, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'run_events'::regclass");

    ck_assert_str_eq(where, "run_events_other");
    ck_assert_str_eq(months, "4"); /* the other and three months ahead */
    PQfinish(conn);
}
END_TEST

START_TEST(a_step_that_fails_leaves_nothing)
{
    PGconn *conn = fixture_as("keeper");

    sql_run(conn, "CREATE SCHEMA orchestrator; CREATE TABLE orchestrator.event_heads (x integer)");
    ck_assert_int_eq(refused(STORE_VERSION_NEWEST, "V022__ledger_and_tenants.sql: "), ERR_SYSTEM);
    check_status(1);
    ck_assert_str_eq(sql_state(conn, "SELECT 1 FROM orchestrator.run_events"), "42P01");
    sql_run(conn, "DROP TABLE orchestrator.event_heads");
    fixture_migrate(STORE_VERSION_NEWEST);
    check_status(pg_migration_count);
    PQfinish(conn);
}
END_TEST

START_TEST(a_file_that_is_not_the_one_that_was_applied_is_named)
{
    PGconn *conn;

    fixture_migrate(STORE_VERSION_NEWEST);
    conn = fixture_as("keeper");
    sql_run(conn, "UPDATE schema_history SET checksum = 7 WHERE version = '023'");
    ck_assert_int_eq(refused(STORE_VERSION_NEWEST, "V023__hosts.sql is not the file"),
                     ERR_CONFLICT);
    ck_assert_int_eq(refused(STORE_VERSION_BEFORE, "V023__hosts.sql is not the file"),
                     ERR_CONFLICT);
    sql_run(conn, "DELETE FROM schema_history WHERE version = '023'");
    ck_assert_int_eq(refused(STORE_VERSION_NEWEST, "V023__hosts.sql, which is before it"),
                     ERR_CONFLICT);
    PQfinish(conn);
}
END_TEST

START_TEST(a_version_that_nobody_has_is_refused)
{
    ck_assert_int_eq(refused(20, "no migration 20"), ERR_INVALID);
    ck_assert_int_eq(refused(99, "no migration 99"), ERR_INVALID);
}
END_TEST

/* It stays usable as it is, and is not taken back over what this program does not know. */
START_TEST(what_a_newer_program_made_is_left)
{
    PGconn *conn;

    fixture_migrate(STORE_VERSION_NEWEST);
    conn = fixture_as("keeper");
    sql_run(conn, "INSERT INTO schema_history SELECT 99, '099', 'later', 'SQL',"
                  " 'V099__later.sql', 1, 'x', now(), 0, true");
    fixture_migrate(STORE_VERSION_NEWEST);
    ck_assert_int_eq(refused(STORE_VERSION_BEFORE, "newer program"), ERR_UNSUPPORTED);
    PQfinish(conn);
}
END_TEST

static void flyway_line(PGconn *conn, int rank, const char *version, const char *type,
                        const char *script, int32_t checksum)
{
    auto_mem char *sql =
        mem_printf("INSERT INTO public.flyway_schema_history VALUES (%d, '%s', 'x', '%s', '%s',"
                   " %d, 'flyway', now(), 5, true)",
                   rank, version, type, script, (int)checksum);

    sql_run(conn, sql);
}

START_TEST(what_flyway_applied_is_done_and_what_we_apply_is_in_its_history)
{
    PGconn *conn = fixture_as("postgres");
    const struct pg_migration *first = &pg_migrations[0];

    sql_run(conn, FLYWAY "; ALTER TABLE public.flyway_schema_history OWNER TO keeper");
    flyway_line(conn, 1, "001", "SQL", "V001__extensions.sql", 17); /* another team's */
    flyway_line(conn, 2, "021", "SQL", first->file, pg_migration_checksum(first->up));
    sql_run(conn, "SET ROLE keeper; BEGIN");
    sql_run(conn, first->up);
    sql_run(conn, "COMMIT; RESET ROLE");
    check_status(1);
    fixture_migrate(STORE_VERSION_NEWEST);
    check_status(pg_migration_count);
    auto_mem char *lines =
        sql_text(conn, "SELECT string_agg(installed_rank || ' ' || version || ' ' || description"
                       " || ' ' || script, ', ' ORDER BY installed_rank)"
                       " FROM public.flyway_schema_history WHERE installed_rank BETWEEN 3 AND 4");
    auto_mem char *own = sql_text(conn, "SELECT to_regclass('orchestrator.schema_history')");

    ck_assert_str_eq(lines, "3 022 ledger and tenants V022__ledger_and_tenants.sql,"
                            " 4 023 hosts V023__hosts.sql");
    ck_assert_str_eq(own, "");
    fixture_migrate(STORE_VERSION_BEFORE);
    check_status(pg_migration_count - 1);
    PQfinish(conn);
}
END_TEST

START_TEST(another_file_of_our_number_under_flyway_is_named)
{
    PGconn *conn = fixture_as("postgres");

    sql_run(conn, FLYWAY "; ALTER TABLE public.flyway_schema_history OWNER TO keeper");
    flyway_line(conn, 1, "021", "SQL", "V021__orchestrator_service.sql", 17);
    ck_assert_int_eq(refused(STORE_VERSION_NEWEST, "is V021__orchestrator_service.sql, not"),
                     ERR_CONFLICT);
    sql_run(conn, "UPDATE public.flyway_schema_history SET script = 'V021__workflows.sql'");
    ck_assert_int_eq(refused(STORE_VERSION_NEWEST, "V021__workflows.sql is not the file"),
                     ERR_CONFLICT);
    sql_run(conn, "UPDATE public.flyway_schema_history SET success = false");
    ck_assert_int_eq(refused(STORE_VERSION_NEWEST, "failed under Flyway"), ERR_CONFLICT);
    flyway_line(conn, 2, "021", "UNDO_SQL", "U021__workflows.sql", 17);
    fixture_migrate(STORE_VERSION_NEWEST);
    check_status(pg_migration_count);
    PQfinish(conn);
}
END_TEST

/* Flyway reads lines and leaves their ends out: the CRC-32 of "123456789" is a known one. */
START_TEST(a_checksum_is_flyways)
{
    ck_assert_int_eq(pg_migration_checksum("123456789"), (int32_t)0xCBF43926);
    ck_assert_int_eq(pg_migration_checksum("1234\n5678\r\n9\n"), (int32_t)0xCBF43926);
    ck_assert_int_eq(pg_migration_checksum(""), 0);
}
END_TEST

START_TEST(another_schema_has_a_store_of_its_own)
{
    auto_mem char *url = fixture_url();
    const struct store_cluster cluster = {.url = url, .schema = "Orch 2"};
    struct err e = {0};
    int counts[2] = {0};

    fixture_migrate(STORE_VERSION_NEWEST);
    ck_assert_msg(store_cluster_migrate(&cluster, STORE_VERSION_NEWEST, count_one, counts, &e),
                  "%s", e.msg);
    ck_assert_int_eq(counts[1], pg_migration_count);
    ck_assert_msg(store_cluster_migrate(&cluster, 0, count_one, counts, &e), "%s", e.msg);
    ck_assert_int_eq(counts[0], pg_migration_count);
    check_status(pg_migration_count);
}
END_TEST

START_TEST(what_is_no_url_and_who_does_not_answer_are_told)
{
    static const struct {
        const char *url;
        enum err_code code;
    } bad[] = {{"/var/lib/orch/orch.db", ERR_INVALID},
               {"host=/nonexistent dbname=t", ERR_UNAVAILABLE},
               {"postgresql:///t?host=/nonexistent", ERR_UNAVAILABLE}};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = {0};
        int counts[2] = {0};

        ck_assert(!store_cluster_status(&(struct store_cluster){.url = bad[i].url}, count_one,
                                        counts, &e));
        ck_assert_int_eq(e.code, bad[i].code);
    }
}
END_TEST

TCase *migrate_cases(void)
{
    TCase *c = tcase_create("migrate");

    tcase_add_checked_fixture(c, fixture_empty, NULL);
    tcase_add_test(c, an_empty_database_gets_every_step_once);
    tcase_add_test(c, each_step_goes_down_and_up_again);
    tcase_add_test(c, rows_outlive_a_step_back_and_up);
    tcase_add_test(c, a_filled_database_takes_the_months);
    tcase_add_test(c, a_step_that_fails_leaves_nothing);
    tcase_add_test(c, a_file_that_is_not_the_one_that_was_applied_is_named);
    tcase_add_test(c, a_version_that_nobody_has_is_refused);
    tcase_add_test(c, what_a_newer_program_made_is_left);
    tcase_add_test(c, what_flyway_applied_is_done_and_what_we_apply_is_in_its_history);
    tcase_add_test(c, another_file_of_our_number_under_flyway_is_named);
    tcase_add_test(c, a_checksum_is_flyways);
    tcase_add_test(c, another_schema_has_a_store_of_its_own);
    tcase_add_test(c, what_is_no_url_and_who_does_not_answer_are_told);
    tcase_set_timeout(c, 120);
    return c;
}
