/* share_test.c -- what a node, a tenant and an agent may have: the operator's ceilings, each
 * tenant's share of the attempts, who may share a loaded plugin, and what was taken away. */
#include "suites.h"

#include "engine/catalog/definitions.h"

#include <string.h>

#define OTHER "globex"

static void again(struct rig_options options)
{
    rig_close(&rig);
    rig_open(&rig, options);
}

/* rig_actor's other tenant publishes and starts the same DAG "wide". */
static void other_runs_wide(const char *text)
{
    struct api_actor who = rig_actor;
    struct rig_answer published = {0}, started = {0};
    auto_json inputs = json_object();

    who.tenant = OTHER;
    definitions_publish(engine_definitions(rig.engine), &who,
                        &(struct api_publish){.form = API_DEFINITION_TEXT,
                                              .json = json_string(text)},
                        rig_answered, &published);
    rig_settle(&rig);
    ck_assert_msg(published.code == ERR_NONE, "%s", published.msg);
    control_start(engine_control(rig.engine), &who,
                  &(struct api_run_start){.dag_id = "wide", .inputs = inputs}, rig_answered,
                  &started);
    rig_settle(&rig);
    ck_assert_msg(started.code == ERR_NONE, "%s", started.msg);
}

#define WIDE4                                                                                      \
    "{\"name\":\"wide\",\"dag_id\":\"wide\",\"version\":\"1.0.0\",\"nodes\":{"                     \
    "\"m0\":{\"agent_id\":\"a\"},\"m1\":{\"agent_id\":\"a\"},"                                     \
    "\"m2\":{\"agent_id\":\"a\"},\"m3\":{\"agent_id\":\"a\"}}}"

static unsigned open_of(const char *tenant)
{
    unsigned count = 0;

    for (size_t i = 0; i < rig.sandbox.count; i++)
        count +=
            rig.sandbox.attempts[i].open && strcmp(rig.sandbox.attempts[i].tenant, tenant) == 0;
    return count;
}

/* ---- shares ---- */

START_TEST(one_tenants_attempts_do_not_take_every_place)
{
    again((struct rig_options){.attempts_max = 4, .tenant_attempts_max = 3});
    publish_wide(8, "");
    run_of("wide");
    ck_assert_uint_eq(open_of(RIG_TENANT), 3);
    other_runs_wide(WIDE4);
    ck_assert_uint_eq(open_of(RIG_TENANT), 3);
    ck_assert_uint_eq(open_of(OTHER), 1);
    rig_ok(&rig, "n0000"); /* what has its share is passed over */
    ck_assert_uint_eq(open_of(RIG_TENANT) + open_of(OTHER), 4);
    ck_assert_uint_le(open_of(RIG_TENANT), 3);
}
END_TEST

START_TEST(tenants_that_wait_take_turns)
{
    again((struct rig_options){.attempts_max = 2});
    publish_wide(8, "");
    run_of("wide");
    other_runs_wide(WIDE4);
    ck_assert_uint_eq(open_of(OTHER), 0);
    for (int i = 0; i < 2; i++) { /* of any two places that come free, each tenant gets one */
        char node[16];

        snprintf(node, sizeof node, "n%04d", i);
        rig_ok(&rig, node);
    }
    ck_assert_uint_eq(open_of(OTHER), 1);
    ck_assert_uint_eq(open_of(RIG_TENANT), 1);
}
END_TEST

/* ---- isolation ---- */

static enum isolation isolation_given(const char *agent, const char *isolation)
{
    auto_done(buf) text = {0};

    buf_addf(&text,
             "{\"name\":\"iso\",\"dag_id\":\"iso\",\"nodes\":{\"n\":{\"agent_id\":\"%s\"%s%s%s}}}",
             agent, isolation != NULL ? ",\"isolation\":\"" : "",
             isolation != NULL ? isolation : "", isolation != NULL ? "\"" : "");
    rig_publish(&rig, buf_text(&text));
    run_of("iso");
    return rig.sandbox.attempts[rig.sandbox.count - 1].isolation;
}

START_TEST(a_loaded_plugin_is_shared_only_where_node_tenant_and_publisher_agree)
{
    static const struct {
        const char *tenants, *agent, *isolation;
        enum isolation given;
    } cases[] = {
        {RIG_TENANT, "warm.a", "warm", ISOLATION_WARM},
        {"globex, ac*", "warm.a", "warm", ISOLATION_WARM},
        {"", "warm.a", "warm", ISOLATION_UNSET},       /* the tenant may not */
        {"globex", "warm.a", "warm", ISOLATION_UNSET}, /* the same */
        {RIG_TENANT, "a", "warm", ISOLATION_UNSET},    /* the publisher may not */
        {RIG_TENANT, "warm.a", NULL, ISOLATION_UNSET}, /* nobody asked */
        {RIG_TENANT, "warm.a", "cold", ISOLATION_COLD},
        {RIG_TENANT, "warm.a", "exec", ISOLATION_EXEC},
    };

    again((struct rig_options){.warm_tenants = cases[_i].tenants});
    ck_assert_int_eq(isolation_given(cases[_i].agent, cases[_i].isolation), cases[_i].given);
}
END_TEST

/* ---- ceilings ---- */

#define GREEDY(more)                                                                               \
    "{\"name\":\"g\",\"dag_id\":\"g\",\"version\":\"1.0.0\",\"nodes\":{\"n\":{\"agent_id\":"       \
    "\"a\",\"limits\":{" more "}}}}"

static const struct {
    const char *text, *words;
} greedy[] = {
    {GREEDY("\"memory_bytes\":1099511627776"), "node 'n': limits.memory_bytes: 1099511627776"},
    {GREEDY("\"cpu_ms\":1001"), "at most 1000 (node-cpu-max-seconds)"},
    {GREEDY("\"output_bytes\":1025"), "at most 1024 (node-output-max-kib)"},
    {GREEDY("\"log_bytes\":2049"), "at most 2048 (node-log-max-kib)"},
};
static const struct engine_ceilings low = {64 << 20, 1000, 1024, 2048};

START_TEST(a_definition_that_asks_for_more_than_the_ceiling_is_not_published)
{
    struct rig_answer a = {0};

    again((struct rig_options){.ceilings = low});
    definitions_publish(engine_definitions(rig.engine), &rig_actor,
                        &(struct api_publish){.form = API_DEFINITION_TEXT,
                                              .json = json_string(greedy[_i].text)},
                        rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_UNPROCESSABLE);
    ck_assert_msg(strstr(a.msg, greedy[_i].words) != NULL, "%s", a.msg);
}
END_TEST

START_TEST(one_that_was_published_before_the_ceiling_is_not_started_and_not_changed)
{
    struct rig_answer a;

    rig_publish(&rig, greedy[_i].text);
    rig.options.ceilings = low;
    rig_crash(&rig);
    a = rig_run(&rig, "g", "{}");
    ck_assert_int_eq(a.code, ERR_UNPROCESSABLE);
    ck_assert_msg(strstr(a.msg, greedy[_i].words) != NULL, "%s", a.msg);
    ck_assert_uint_eq(rig.sandbox.count, 0);
}
END_TEST

START_TEST(a_run_that_was_under_way_before_the_ceiling_fails_with_its_words)
{
    auto_done(store_node_list) rows = {0};
    char id[UUID_TEXT_BYTES];
    struct err e;

    rig_publish(&rig, greedy[0].text);
    snprintf(id, sizeof id, "%s", run_of("g"));
    rig.options.ceilings = low;
    rig_crash(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "n", &rows, &e));
    ck_assert_str_eq(rows.rows[0].error_class, "PolicyViolation");
    ck_assert_uint_eq(rig.sandbox.count, 1); /* the one before */
}
END_TEST

START_TEST(a_node_that_asks_for_nothing_gets_no_more_than_the_ceiling)
{
    const struct attempt_limits *l;

    again((struct rig_options){.ceilings = low});
    publish_chain();
    run_of("chain");
    l = &rig.sandbox.attempts[0].limits;
    ck_assert_uint_eq(l->memory_bytes, 64 << 20);
    ck_assert_uint_eq(l->cpu_ms, 1000);
    ck_assert_uint_eq(l->output_bytes, 1024);
    ck_assert_uint_eq(l->log_bytes, 2048);
}
END_TEST

START_TEST(ceilings_over_the_defaults_leave_a_node_that_asks_for_nothing_alone)
{
    again((struct rig_options){.ceilings = {1LL << 40, 86400000, 4 << 20, 64 << 20}});
    publish_chain();
    run_of("chain");
    ck_assert_uint_eq(rig.sandbox.attempts[0].limits.memory_bytes, 0); /* the sandbox's own */
    ck_assert_uint_eq(rig.sandbox.attempts[0].limits.log_bytes, 0);
}
END_TEST

/* ---- taken away ---- */

static bool never(const struct agents *agents unused_arg, const char *tenant unused_arg,
                  const char *agent_id unused_arg, const char *digest unused_arg,
                  struct err *ret unused_arg)
{
    return false;
}

static void publish_withdrawn(void)
{
    rig_publish(&rig, "{\"name\":\"w\",\"dag_id\":\"w\",\"version\":\"1.0.0\",\"nodes\":{"
                      "\"first\":{\"agent_id\":\"a\"},\"n\":{\"agent_id\":\"withdrawn.a\","
                      "\"depends_on\":[\"first\"]}}}");
}

START_TEST(a_run_of_an_agent_that_was_taken_away_is_refused_with_the_reason)
{
    struct rig_answer a;

    publish_withdrawn();
    a = rig_run(&rig, "w", "{}");
    ck_assert_int_eq(a.code, ERR_UNPROCESSABLE);
    ck_assert_msg(strstr(a.msg, "node 'n': agent 'withdrawn.a' cannot run: its key was revoked") !=
                      NULL,
                  "%s", a.msg);
    ck_assert_uint_eq(rig.sandbox.count, 0);
}
END_TEST

START_TEST(an_agent_that_is_taken_away_before_its_node_ends_it_as_revoked)
{
    auto_done(store_node_list) rows = {0};
    bool (*taken)(const struct agents *, const char *, const char *, const char *, struct err *) =
        rig.env.agent_withdrawn;
    char id[UUID_TEXT_BYTES];
    struct err e;

    publish_withdrawn();
    rig.env.agent_withdrawn = never;
    snprintf(id, sizeof id, "%s", run_of("w"));
    rig.env.agent_withdrawn = taken;
    rig_ok(&rig, "first");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "n", &rows, &e));
    ck_assert_str_eq(rows.rows[0].error_class, "PluginRevoked");
    ck_assert_uint_eq(rig.sandbox.count, 1);
}
END_TEST

TCase *share_cases(void)
{
    TCase *tc = tcase_create("share");

    tcase_add_test(tc, one_tenants_attempts_do_not_take_every_place);
    tcase_add_test(tc, tenants_that_wait_take_turns);
    tcase_add_loop_test(tc, a_loaded_plugin_is_shared_only_where_node_tenant_and_publisher_agree, 0,
                        8);
    tcase_add_loop_test(tc, a_definition_that_asks_for_more_than_the_ceiling_is_not_published, 0,
                        4);
    tcase_add_loop_test(tc,
                        one_that_was_published_before_the_ceiling_is_not_started_and_not_changed, 0,
                        4);
    tcase_add_test(tc, a_run_that_was_under_way_before_the_ceiling_fails_with_its_words);
    tcase_add_test(tc, a_node_that_asks_for_nothing_gets_no_more_than_the_ceiling);
    tcase_add_test(tc, ceilings_over_the_defaults_leave_a_node_that_asks_for_nothing_alone);
    tcase_add_test(tc, a_run_of_an_agent_that_was_taken_away_is_refused_with_the_reason);
    tcase_add_test(tc, an_agent_that_is_taken_away_before_its_node_ends_it_as_revoked);
    return tc;
}
