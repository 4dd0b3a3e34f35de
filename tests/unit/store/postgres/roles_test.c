/* roles_test.c -- each role, on every table, with every verb, for its tenant and for another's. */
#include "suites.h"

#include "base/mem.h"
#include "store/cluster_schema.h"
#include "subjects.h"

#include <string.h>

#define DENIED "42501"
#define REFUSED "23000"

static PGconn *as_tenant_a(const char *role)
{
    PGconn *conn = fixture_as(role);

    sql_run(conn, "SET app.current_tenant = 'a'");
    return conn;
}

static void setup(void)
{
    PGconn *conn;

    fixture_migrated();
    conn = fixture_as("postgres");
    subjects_fill(conn);
    PQfinish(conn);
}

/* What became of it, undone: the rows it touched, or the SQLSTATE. */
static const char *tried(PGconn *conn, const char *sql)
{
    static char text[16];
    PGresult *result;
    const char *state;

    sql_run(conn, "BEGIN");
    result = PQexec(conn, sql);
    state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    snprintf(text, sizeof text, "%s", state != NULL ? state : PQcmdTuples(result));
    PQclear(result);
    sql_run(conn, "ROLLBACK");
    return text;
}

static const char *tried_on(PGconn *conn, const char *before, const struct subject *s,
                            const char *behind)
{
    auto_mem char *sql = mem_printf("%s %s %s", before, s->table, behind);

    return tried(conn, sql);
}

#define OWN " WHERE tenant_id = 'a'"
#define OTHER " WHERE tenant_id = 'b'"
#define TOUCH " SET tenant_id = tenant_id"
#define SEES(conn, s, where, count)                                                                \
    ck_assert_msg(strcmp(tried_on(conn, "SELECT tenant_id FROM", s, where), count) == 0,           \
                  "select %s%s: %s", (s)->table, where,                                            \
                  tried_on(conn, "SELECT tenant_id FROM", s, where))
#define MEETS(what, s, got, want)                                                                  \
    do {                                                                                           \
        const char *got_ = (got);                                                                  \
        ck_assert_msg(strcmp(got_, (want)) == 0, "%s %s: %s, not %s", what, (s)->table, got_,      \
                      want);                                                                       \
    } while (0)

/* Nothing of another tenant's is seen, changed, taken away or put in. */
static void check_other(PGconn *conn, const struct subject *s)
{
    const char *got;

    SEES(conn, s, OTHER, "0");
    got = tried_on(conn, "UPDATE", s, TOUCH OTHER);
    ck_assert_msg(strcmp(got, "0") == 0 || strcmp(got, DENIED) == 0, "update %s: %s", s->table,
                  got);
    got = tried_on(conn, "DELETE FROM", s, OTHER);
    ck_assert_msg(strcmp(got, "0") == 0 || strcmp(got, DENIED) == 0, "delete %s: %s", s->table,
                  got);
    subjects_say(conn, "b", "2");
    MEETS("insert", s, tried(conn, s->insert), DENIED);
    subjects_say(conn, "a", "2");
}

START_TEST(the_host_does_its_tenants_work_and_leaves_evidence)
{
    static const struct {
        const char *insert, *update, *delete;
    } may[] = {
        [SUBJECT_WORK] = {"1", "1", "1"},
        [SUBJECT_EVIDENCE] = {"1", DENIED, DENIED},
        [SUBJECT_CURSOR] = {"1", "1", DENIED},
        [SUBJECT_DERIVED] = {DENIED, DENIED, DENIED},
    };
    PGconn *conn = as_tenant_a("of_app");

    for (size_t i = 0; i < subject_count; i++) {
        const struct subject *s = &subjects[i];
        bool fixed = strcmp(s->table, "dag_workflows") == 0; /* a version is immutable */

        check_other(conn, s);
        SEES(conn, s, OWN, "1");
        MEETS("insert", s, tried(conn, s->insert), may[s->kind].insert);
        MEETS("update", s, tried_on(conn, "UPDATE", s, TOUCH OWN),
              fixed ? REFUSED : may[s->kind].update);
        MEETS("delete", s, tried_on(conn, "DELETE FROM", s, OWN), may[s->kind].delete);
        MEETS("truncate", s, tried_on(conn, "TRUNCATE", s, "CASCADE"), DENIED);
    }
    PQfinish(conn);
}
END_TEST

START_TEST(a_reader_changes_nothing)
{
    PGconn *conn = as_tenant_a("of_readonly");

    for (size_t i = 0; i < subject_count; i++) {
        const struct subject *s = &subjects[i];

        check_other(conn, s);
        SEES(conn, s, OWN, "1");
        MEETS("insert", s, tried(conn, s->insert), DENIED);
        MEETS("update", s, tried_on(conn, "UPDATE", s, TOUCH OWN), DENIED);
        MEETS("delete", s, tried_on(conn, "DELETE FROM", s, OWN), DENIED);
        MEETS("truncate", s, tried_on(conn, "TRUNCATE", s, "CASCADE"), DENIED);
    }
    ck_assert_str_eq(sql_state(conn, "SELECT blob FROM secrets"), DENIED);
    ck_assert_str_eq(sql_state(conn, "SELECT body FROM idempotency"), DENIED);
    PQfinish(conn);
}
END_TEST

START_TEST(the_owner_too_is_held_to_a_tenant)
{
    PGconn *conn = as_tenant_a("keeper");

    for (size_t i = 0; i < subject_count; i++) {
        check_other(conn, &subjects[i]);
        SEES(conn, &subjects[i], OWN, "1");
    }
    sql_run(conn, "RESET app.current_tenant");
    for (size_t i = 0; i < subject_count; i++)
        SEES(conn, &subjects[i], "", "0");
    sql_run(conn, "SET app.is_admin = 'true'");
    for (size_t i = 0; i < subject_count; i++)
        SEES(conn, &subjects[i], "", "2");
    PQfinish(conn);
}
END_TEST

/* Triggers, not rights: they hold for the owner and the superuser, by the name of a part too. */
START_TEST(evidence_stays_whoever_asks)
{
    static const char *const roles[] = {"keeper", "postgres"};
    static const struct subject parts[] = {{.table = "run_events_other"},
                                           {.table = "run_events"},
                                           {.table = "statements"},
                                           {.table = "ledger_heads"},
                                           {.table = "store_identity"}};

    for (size_t r = 0; r < ARRAY_LEN(roles); r++) {
        PGconn *conn = fixture_as(roles[r]);
        bool all = strcmp(roles[r], "postgres") == 0;

        sql_run(conn, "SET app.is_admin = 'true'");
        sql_run(conn, "INSERT INTO store_identity (store_id, host_key, bound_at)"
                      " VALUES ('', '', now())");
        for (size_t i = all ? 0 : 1; i < ARRAY_LEN(parts); i++) {
            bool identity = strcmp(parts[i].table, "store_identity") == 0;

            MEETS("update", &parts[i],
                  tried_on(conn, "UPDATE", &parts[i], identity ? "SET store_id = 'x'" : TOUCH),
                  REFUSED);
            MEETS("delete", &parts[i], tried_on(conn, "DELETE FROM", &parts[i], ""), REFUSED);
            MEETS("truncate", &parts[i], tried_on(conn, "TRUNCATE", &parts[i], ""), REFUSED);
        }
        PQfinish(conn);
    }
}
END_TEST

START_TEST(a_part_of_a_table_shows_nothing_by_its_own_name)
{
    static const struct subject parts[] = {{.table = "node_attempts_other"},
                                           {.table = "attempt_logs_other"},
                                           {.table = "run_events_other"}};
    PGconn *owner = as_tenant_a("keeper"), *app = as_tenant_a("of_app");

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        SEES(owner, &parts[i], "", "0");
        SEES(app, &parts[i], "", DENIED);
    }
    PQfinish(owner);
    PQfinish(app);
}
END_TEST

/* contract/greenlang.md 11.2, with the names as they are typed there. */
START_TEST(an_operator_does_what_the_runbooks_type)
{
    auto_mem char *url = cluster_url(fixture_cluster, "of_operator", "t");
    PGconn *conn = sql_connect(url);

    sql_run(conn, "SET search_path = orchestrator, public"); /* the role's, not its members' */
    ck_assert_str_eq(tried(conn, "SELECT 1 FROM dag_executions"), "2");
    ck_assert_str_eq(tried(conn, "DELETE FROM dag_checkpoints WHERE execution_id = 'run-a'"), "1");
    ck_assert_str_eq(tried(conn, "DELETE FROM execution_provenance WHERE execution_id = 'run-a'"),
                     "1");
    ck_assert_str_eq(
        tried(conn, "UPDATE dag_executions SET status = 'failed', error = 'Checkpoint corruption"
                    " detected - re-execution required' WHERE execution_id = 'run-b'"),
        "1");
    ck_assert_str_eq(tried(conn, "DELETE FROM dag_checkpoints WHERE created_at < now()"
                                 " - interval '30 days' AND execution_id IN (SELECT execution_id"
                                 " FROM dag_executions WHERE status = 'completed')"),
                     "0");
    ck_assert_str_eq(tried(conn, "UPDATE dag_executions SET tenant_id = 'x'"), DENIED);
    ck_assert_str_eq(tried(conn, "DELETE FROM dag_executions"), DENIED);
    ck_assert_str_eq(tried(conn, "DELETE FROM run_events"), DENIED);
    ck_assert_str_eq(tried(conn, "SELECT blob FROM secrets"), DENIED);
    PQfinish(conn);
}
END_TEST

/* Rights by column: what the runbooks type, and no more of the same row. */
START_TEST(an_operator_makes_himself_no_host_and_gives_no_run_away)
{
    static const char *const denied[] = {
        "UPDATE dag_executions SET lease_owner = 'me', lease_epoch = 1",
        "UPDATE dag_executions SET agent_digests = '{}'",
        "UPDATE dag_executions SET input_data = '{}'",
        "INSERT INTO dag_executions (execution_id) VALUES ('x')",
        "INSERT INTO run_orders (execution_id, tenant_id, verb) VALUES ('run-a', 'a', 'cancel')",
        "DELETE FROM run_orders",
        "INSERT INTO hosts (host_id, version) VALUES ('me', 'x')",
        "UPDATE hosts SET fenced = true",
        "UPDATE job_leases SET lease_owner = 'me'",
        "INSERT INTO outside_edits (execution_id, tenant_id, old_status, new_status)"
        " VALUES ('run-a', 'a', 'running', 'failed')",
        "DELETE FROM outside_edits",
        "UPDATE node_traces SET outputs = '{}'",
        "INSERT INTO revoked_tokens (token_id) VALUES ('x')",
        "INSERT INTO plugin_bundles (tenant_id) VALUES ('')",
        "SELECT content FROM plugin_bundle_parts",
        "SELECT body FROM idempotency",
    };
    PGconn *conn = fixture_as("of_operator");

    for (size_t i = 0; i < ARRAY_LEN(denied); i++)
        ck_assert_msg(strcmp(tried(conn, denied[i]), DENIED) == 0, "%s: %s", denied[i],
                      tried(conn, denied[i]));
    PQfinish(conn);
}
END_TEST

/* Row security is against a wrong query, not against who may log in (docs/THREATS.md). */
START_TEST(whoever_holds_a_role_says_himself_whose_rows_he_sees)
{
    static const char *const roles[] = {"of_app", "of_readonly"};

    for (size_t r = 0; r < ARRAY_LEN(roles); r++) {
        PGconn *conn = fixture_as(roles[r]);

        ck_assert_str_eq(tried(conn, "SELECT 1 FROM dag_executions"), "0");
        sql_run(conn, "SET app.current_tenant = 'b'");
        ck_assert_str_eq(tried(conn, "SELECT 1 FROM dag_executions"), "1");
        sql_run(conn, "SET app.is_admin = 'true'");
        ck_assert_str_eq(tried(conn, "SELECT 1 FROM dag_executions"), "2");
        PQfinish(conn);
    }
}
END_TEST

START_TEST(what_is_installed_for_all_is_seen_by_all_and_changed_by_none_of_them)
{
    PGconn *conn = fixture_as("postgres");

    subjects_say(conn, "", "9");
    sql_run(conn, "INSERT INTO plugins (tenant_id, plugin_id, version, version_key, bundle_hash,"
                  " manifest, key_id, installed_by, installed_at)"
                  " VALUES ('', 'p', '1', '1', '', '{}', '', '', now())");
    PQfinish(conn);
    conn = as_tenant_a("of_app");
    ck_assert_str_eq(tried(conn, "SELECT 1 FROM plugins WHERE tenant_id = ''"), "1");
    ck_assert_str_eq(tried(conn, "UPDATE plugins SET version = '2' WHERE tenant_id = ''"), "0");
    ck_assert_str_eq(tried(conn, "DELETE FROM plugins WHERE tenant_id = ''"), "0");
    PQfinish(conn);
}
END_TEST

/* Whoever adds a table says what a tenant sees of it. */
START_TEST(no_table_is_without_row_security_but_those_of_hosts)
{
    PGconn *conn = fixture_as("postgres");
    auto_mem char *open =
        sql_text(conn, "SELECT string_agg(relname, ' ' ORDER BY relname COLLATE \"C\") FROM"
                       " pg_class WHERE relnamespace = 'orchestrator'::regnamespace AND relkind"
                       " IN ('r', 'p') AND NOT (relrowsecurity AND relforcerowsecurity)");
    auto_mem char *views =
        sql_text(conn, "SELECT count(*) FROM pg_class WHERE relnamespace ="
                       " 'orchestrator'::regnamespace AND (relkind = 'm' OR relkind = 'v' AND NOT"
                       " coalesce('security_invoker=true' = ANY (reloptions), false))");

    ck_assert_str_eq(
        open, "commit_tokens hosts job_leases lane_versions lanes schema_history schema_versions"
              " store_identity");
    ck_assert_str_eq(views, "0");
    PQfinish(conn);
}
END_TEST

/* Names as they are typed, without the schema; and GreenLang's role where it is. */
START_TEST(the_roles_of_greenlang_are_given_ours)
{
    PGconn *conn = fixture_as("postgres");
    auto_mem char *path = NULL, *member = NULL;

    sql_run(conn, "CREATE ROLE greenlang_app; CREATE ROLE greenlang_readonly");
    fixture_migrate(24);
    fixture_migrate(STORE_VERSION_NEWEST);
    member =
        sql_text(conn, "SELECT pg_has_role('greenlang_app', 'orchestrator_app', 'member') AND"
                       " pg_has_role('greenlang_readonly', 'orchestrator_readonly', 'member')");
    sql_run(conn, "DROP ROLE greenlang_app, greenlang_readonly");
    ck_assert_str_eq(member, "t");
    path = sql_text(conn, "SELECT string_agg(s.setconfig[1], ';') FROM pg_db_role_setting AS s"
                          " JOIN pg_roles AS r ON r.oid = s.setrole JOIN pg_database AS d ON"
                          " d.oid = s.setdatabase WHERE d.datname = 't'"
                          " AND r.rolname = 'orchestrator_app'");
    ck_assert_str_eq(path, "search_path=orchestrator, public");
    PQfinish(conn);
}
END_TEST

TCase *roles_cases(void)
{
    TCase *c = tcase_create("roles");

    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, the_host_does_its_tenants_work_and_leaves_evidence);
    tcase_add_test(c, a_reader_changes_nothing);
    tcase_add_test(c, the_owner_too_is_held_to_a_tenant);
    tcase_add_test(c, evidence_stays_whoever_asks);
    tcase_add_test(c, a_part_of_a_table_shows_nothing_by_its_own_name);
    tcase_add_test(c, an_operator_does_what_the_runbooks_type);
    tcase_add_test(c, what_is_installed_for_all_is_seen_by_all_and_changed_by_none_of_them);
    tcase_add_test(c, no_table_is_without_row_security_but_those_of_hosts);
    tcase_add_test(c, an_operator_makes_himself_no_host_and_gives_no_run_away);
    tcase_add_test(c, whoever_holds_a_role_says_himself_whose_rows_he_sees);
    tcase_add_test(c, the_roles_of_greenlang_are_given_ours);
    tcase_set_timeout(c, 120);
    return c;
}
