/* lane_test.c -- a node waits in its lane, with its own priority, and says so. */
#include "suites.h"

#include <string.h>

static void publish(const char *nodes)
{
    auto_done(buf) text = {0};

    buf_addf(&text, "{\"name\":\"l\",\"dag_id\":\"l\",\"version\":\"1.0.0\",\"nodes\":{%s}}",
             nodes);
    rig_publish(&rig, buf_text(&text));
}

#define NODE(id, more) "\"" id "\":{\"agent_id\":\"a\"" more "}"
#define IN(lane) ",\"lane\":\"" lane "\""

static bool is_open(const char *node)
{
    return rig_open_attempt(&rig, node) != NULL;
}

static void waits(const char *id, const char *words)
{
    auto_json why = engine_run_why_owned(rig.engine, RIG_TENANT, id, 1);
    const json_t *first = json_array_get(json_object_get(why, "reasons"), 0);

    ck_assert_ptr_nonnull(first);
    ck_assert_str_eq(json_string_value(json_object_get(first, "detail")), words);
}

START_TEST(a_node_waits_in_its_lane_with_its_own_priority)
{
    publish(NODE("a", IN("reasoning")) "," NODE("b", IN("reasoning") ",\"priority\":3") "," NODE(
        "c", IN("reasoning") ",\"priority\":9") "," NODE("d", IN("reasoning") ",\"priority\":12"));
    run_of("l");
    ck_assert_uint_eq(rig_open_count(&rig), 2); /* a regular worker and an express one */
    ck_assert(is_open("a") && is_open("d"));
    rig_ok(&rig, "d");
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    rig_ok(&rig, "a");
    ck_assert(is_open("c"));
    rig_ok(&rig, "c");
    ck_assert(is_open("b"));
}
END_TEST

START_TEST(lanes_do_not_take_each_others_workers)
{
    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.attempts_max = 1, .tenant_attempts_max = 9});
    publish(NODE("a", IN("ml")) "," NODE("b", IN("ml")) "," NODE("c", "") "," NODE("d", ""));
    run_of("l");
    ck_assert(is_open("a") && is_open("c"));
    ck_assert_uint_eq(rig_open_count(&rig), 2);
    rig_ok(&rig, "a");
    ck_assert(is_open("b") && is_open("c"));
    ck_assert_uint_eq(rig_open_count(&rig), 2);
}
END_TEST

START_TEST(the_sandboxs_places_are_a_bound_of_all_lanes)
{
    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.places_max = 1});
    publish(NODE("a", "") "," NODE("b", "") "," NODE("c", IN("ml")));
    run_of("l");
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    rig_ok(&rig, "a");
    ck_assert(is_open("c")); /* the lanes take turns */
    rig_ok(&rig, "c");
    ck_assert(is_open("b"));
}
END_TEST

START_TEST(a_node_whose_lane_is_not_there_waits_and_says_so)
{
    struct rig_answer a = {0};
    char id[UUID_TEXT_BYTES];

    publish(NODE("a", IN("nowhere")) "," NODE("b", ""));
    snprintf(id, sizeof id, "%s", run_of("l"));
    waits(id, "step 'a' is number 1 in lane 'nowhere': no_such_lane");
    rig_ok(&rig, "b");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
    ck_assert_uint_eq(engine_counts(rig.engine).attempts_waiting, 0);
}
END_TEST

START_TEST(what_waits_says_in_which_lane_where_and_why)
{
    char first[UUID_TEXT_BYTES];

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.tenant_attempts_max = 2});
    publish(NODE("a", IN("ml")) "," NODE("b", IN("ml") ",\"priority\":9"));
    snprintf(first, sizeof first, "%s", run_of("l"));
    waits(first, "step 'b' is number 1 in lane 'ml': lane_full");
    waits(run_of("l"), "step 'a' is number 3 in lane 'ml': lane_full");
    publish_wide(1, "");
    run_of("wide"); /* the second of the tenant's two */
    waits(first, "step 'b' is number 1 in lane 'ml': tenant_quota");
}
END_TEST

static json_t *lane_named(json_t *lanes, const char *name)
{
    json_t *lane;
    size_t i;

    json_array_foreach(lanes, i, lane)
    {
        if (strcmp(json_string_value(json_object_get(lane, "name")), name) == 0)
            return lane;
    }
    return NULL;
}

static void shows(const char *name, const char *text)
{
    auto_json lanes = engine_lanes_owned(rig.engine);
    auto_json wanted = json_loads(text, 0, NULL);
    auto_mem char *got = json_dumps(lane_named(lanes, name), JSON_SORT_KEYS);

    ck_assert_msg(json_equal(lane_named(lanes, name), wanted), "%s", got);
}

static bool told(const char *line)
{
    auto_done(buf) text = {0};

    engine_gauges(rig.engine);
    metrics_text(rig.metrics, &text);
    return strstr(buf_text(&text), line) != NULL;
}

/* Of a lane of which nothing was said. */
#define WORK                                                                                       \
    "\"agent_id\":null,\"dag_id\":null,\"config\":{},\"retry_policy\":{\"max_retries\":3,"         \
    "\"strategy\":\"exponential\",\"base_delay\":4.0,\"max_delay\":60.0,\"jitter\":true,"          \
    "\"jitter_range\":0.2},\"timeout_policy\":{\"timeout_seconds\":120,\"on_timeout\":\"fail\"},"

#define TAKES                                                                                      \
    "\"autoscale\":null,\"preempt\":true,\"paused\":false,\"draining\":false,\"drained\":false,"   \
    "\"max_depth\":"                                                                               \
    "100000,\"rate\":null,"                                                                        \
    "\"breaker_state\":{\"state\":\"closed\",\"error_class\":null,\"opened_at\":null,"             \
    "\"retry_at\":null,\"failures\":0},"

START_TEST(each_lane_is_shown_and_measured_from_the_start)
{
    ck_assert(told("orch_lane_depth{lane=\"default\"} 0\n"));
    ck_assert(told("orch_lane_running{lane=\"reasoning\"} 0\n"));
    ck_assert(told("orch_lane_slots{lane=\"codegen\"} 1\n"));
    ck_assert(told("orchestrator_lane_desired_slots{lane=\"codegen\"} 2\n"));
    publish(NODE("a", IN("ml")) "," NODE("b", IN("ml")) "," NODE(
        "c", IN("ml") ",\"priority\":50") "," NODE("d", IN("ml") ",\"priority\":50"));
    run_of("l");
    shows("ml", "{" WORK "\"name\":\"ml\",\"backend\":\"store\",\"version\":0,\"slots\":1,\"base_"
                "slots\":1,\"desired_slots\":2,\"express_"
                "priority\":12,\"breaker\":{\"failures\":10,\"open_s\":60.0,\"successes\":3}," TAKES
                "\"depth\":"
                "{\"regular\":1,\"express\":1,\"delayed\":0,\"total\":2},\"running\":2}");
    shows("default", "{" WORK "\"name\":\"default\",\"backend\":\"store\",\"version\":0,\"slots\":"
                     "100,\"base_slots\":100,\"desired_slots\":10,"
                     "\"express_priority\":null,\"breaker\":null," TAKES "\"depth\":"
                     "{\"regular\":0,\"express\":0,\"delayed\":0,\"total\":0},\"running\":0}");
    ck_assert(told("orch_lane_depth{lane=\"ml\"} 2\n"));
    ck_assert(told("orch_lane_running{lane=\"ml\"} 2\n"));
}
END_TEST

TCase *lane_cases(void)
{
    TCase *tc = tcase_create("lane");

    tcase_add_test(tc, a_node_waits_in_its_lane_with_its_own_priority);
    tcase_add_test(tc, lanes_do_not_take_each_others_workers);
    tcase_add_test(tc, the_sandboxs_places_are_a_bound_of_all_lanes);
    tcase_add_test(tc, a_node_whose_lane_is_not_there_waits_and_says_so);
    tcase_add_test(tc, what_waits_says_in_which_lane_where_and_why);
    tcase_add_test(tc, each_lane_is_shown_and_measured_from_the_start);
    return tc;
}
