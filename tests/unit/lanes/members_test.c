/* members_test.c -- what operators say of a lane, and what is refused. */
#include "suites.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "lanes/members.h"
#include "lanes/work.h"

#include <string.h>

static bool reads(const char *lane, const char *text, struct lane_members *ret, struct err *e)
{
    auto_json object = json_loads(text, JSON_DECODE_ANY, NULL);

    ck_assert_ptr_nonnull(object);
    return lane_members_read(lane, object, ret, e) &&
           (ret->work == NULL || lane_work_check(lane, ret->work, e));
}

static void comes_to(const struct lane_members *members, const char *want)
{
    auto_json object = lane_members_json_owned(members);
    auto_mem char *text = json_dumps(object, JSON_COMPACT);

    ck_assert_str_eq(text, want);
}

START_TEST(what_is_said_is_read_and_written_as_it_was)
{
    static const char *const said[] = {
        "{}",
        "{\"slots\":0}",
        "{\"slots\":10000,\"express_priority\":101,\"paused\":true}",
        "{\"express_priority\":1,\"paused\":false}",
        "{\"paused\":true,\"draining\":true,\"max_depth\":1}",
        "{\"draining\":false,\"max_depth\":1000000}",
        "{\"rate\":{\"per_second\":4.0,\"burst\":2}}",
        "{\"rate\":null,\"breaker\":{\"failures\":10,\"open_s\":60.0,\"successes\":3}}",
        "{\"slots\":1,\"agent_id\":\"a\",\"config\":{\"n\":[1]}}",
        "{\"retry_policy\":{\"max_retries\":0},\"timeout_policy\":{\"timeout_seconds\":0.5}}",
    };
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        auto_done(lane_members) members = {0};

        ck_assert_msg(reads("ml", said[i], &members, &e), "%s", e.msg);
        comes_to(&members, said[i]);
    }
    auto_done(lane_members) members = {0};

    ck_assert(reads("ml", "{\"backend\":\"store\",\"slots\":1}", &members, &e));
    comes_to(&members, "{\"slots\":1,\"backend\":\"store\"}");
    lane_members_done(&members);
    ck_assert(reads("ml", "{\"backend\":\"nats\"}", &members, &e));
    ck_assert_int_eq(members.backend, LANE_NATS);
    ck_assert(!reads("default", "{\"backend\":\"redis\"}", &members, &e));
    ck_assert_str_eq(e.msg, "'backend': the lane 'default' is the store's");
}
END_TEST

START_TEST(what_is_refused_is_named)
{
    static const struct {
        const char *text, *named;
    } refused[] = {
        {"[]", "object"},
        {"{\"slots\":-1}", "'slots'"},
        {"{\"slots\":10001}", "'slots'"},
        {"{\"slots\":\"2\"}", "'slots'"},
        {"{\"slots\":2.0}", "'slots'"},
        {"{\"slots\":null}", "'slots'"},
        {"{\"express_priority\":0}", "'express_priority'"},
        {"{\"express_priority\":102}", "'express_priority'"},
        {"{\"paused\":\"yes\"}", "'paused'"},
        {"{\"nope\":1}", "no member 'nope'"},
        {"{\"backend\":\"kafka\"}", "'backend': 'kafka' is none"},
        {"{\"backend\":3}", "'backend'"},
        {"{\"rate\":{\"per_second\":0}}", "'per_second'"},
        {"{\"breaker\":3}", "'breaker'"},
        {"{\"autoscale\":3}", "'autoscale'"},
        {"{\"autoscale\":{}}", "'autoscale'"},
        {"{\"autoscale\":{\"min\":1}}", "'autoscale'"},
        {"{\"autoscale\":{\"max\":1}}", "'autoscale'"},
        {"{\"autoscale\":{\"min\":3,\"max\":2}}", "'autoscale'"},
        {"{\"autoscale\":{\"min\":0,\"max\":2}}", "'min'"},
        {"{\"autoscale\":{\"min\":1,\"max\":10001}}", "'max'"},
        {"{\"autoscale\":{\"min\":1,\"max\":2,\"by\":1}}", "no member 'by'"},
        {"{\"preempt\":1}", "'preempt'"},
        {"{\"preempt\":null}", "'preempt'"},
        {"{\"dag_id\":\"a\",\"agent_id\":\"b\"}", "are both there"},
        {"{\"dag_id\":\"lane.ml\"}", "not beginning with 'lane.'"},
        {"{\"agent_id\":\"\"}", "'agent_id'"},
        {"{\"agent_id\":7}", "agent_id"},
        {"{\"config\":[]}", "config"},
        {"{\"retry_policy\":3}", "retry_policy"},
        {"{\"retry_policy\":{\"max_retries\":-1}}", "retry_policy.max_retries"},
        {"{\"retry_policy\":{\"max_retry\":1}}", "unknown field 'max_retry'"},
        {"{\"timeout_policy\":{\"timeout_seconds\":0}}", "timeout_policy.timeout_seconds"},
        {"{\"slots\":null,\"agent_id\":\"a\"}", "'slots'"},
        {"{\"slots\":1,\"max_depth\":0}", "'max_depth'"},
        {"{\"max_depth\":1000001}", "'max_depth'"},
        {"{\"draining\":1}", "'draining'"},
    };

    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        auto_done(lane_members) members = {0};
        struct err e = {0};

        ck_assert_msg(!reads("ml", refused[i].text, &members, &e), "%s", refused[i].text);
        ck_assert_int_eq(e.code, ERR_INVALID);
        ck_assert_msg(strstr(e.msg, refused[i].named) != NULL, "%s: %s", refused[i].text, e.msg);
    }
}
END_TEST

START_TEST(default_has_no_express_workers)
{
    struct lane_members members;
    struct err e = {0};

    ck_assert(reads(LANE_DEFAULT, "{\"slots\":3,\"breaker\":null}", &members, &e));
    ck_assert_uint_eq(members.breaker.failures, 0); /* nobody's failures stop everybody */
    ck_assert(!reads(LANE_DEFAULT, "{\"express_priority\":12}", &members, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "no express"));
}
END_TEST

START_TEST(what_is_not_said_holds_as_it_did)
{
    struct lane_spec spec = {.slots = 2, .has_express = true, .express_priority = 12};
    struct lane_members kept, more;
    struct err e = {0};

    ck_assert(reads("ml", "{\"slots\":7}", &kept, &e));
    ck_assert(reads("ml", "{\"paused\":true}", &more, &e));
    lane_members_add(&kept, &more);
    comes_to(&kept, "{\"slots\":7,\"paused\":true}");
    ck_assert(reads("ml", "{\"slots\":0,\"express_priority\":9}", &more, &e));
    lane_members_add(&kept, &more);
    comes_to(&kept, "{\"slots\":0,\"express_priority\":9,\"paused\":true}");
    lane_members_apply(&kept, &spec);
    ck_assert_uint_eq(spec.slots, 0);
    ck_assert_int_eq(spec.express_priority, 9);
    ck_assert(spec.paused && spec.has_express);
    ck_assert(reads("ml", "{\"draining\":true,\"max_depth\":7}", &more, &e));
    lane_members_add(&kept, &more);
    lane_members_apply(&kept, &spec);
    ck_assert(spec.draining && spec.max_depth == 7 && spec.express_priority == 9);
    ck_assert(reads("ml", "{\"autoscale\":{\"min\":2,\"max\":9}}", &more, &e));
    lane_members_add(&kept, &more);
    lane_members_apply(&kept, &spec);
    ck_assert(spec.autoscale.min == 2 && spec.autoscale.max == 9);
    ck_assert(reads("ml", "{\"autoscale\":null}", &more, &e));
    comes_to(&more, "{\"autoscale\":null}");
    lane_members_add(&kept, &more);
    lane_members_apply(&kept, &spec);
    ck_assert_uint_eq(spec.autoscale.max, 0);
    ck_assert(reads("ml", "{\"preempt\":false}", &more, &e));
    comes_to(&more, "{\"preempt\":false}");
    lane_members_add(&kept, &more);
    lane_members_apply(&kept, &spec);
    ck_assert(spec.no_preempt);
    ck_assert(spec.rate.per_second == 0 && spec.breaker.failures == 0);
    ck_assert(reads("ml", "{\"rate\":{\"per_second\":4},\"breaker\":null}", &more, &e));
    lane_members_add(&kept, &more);
    lane_members_apply(&kept, &spec);
    ck_assert(spec.rate.per_second == 4 && spec.rate.burst == 4 && spec.breaker.failures == 10);
    lane_members_apply(&(struct lane_members){0}, &spec);
    ck_assert(spec.paused && spec.express_priority == 9);
}
END_TEST

/* The object with what holds of the work in it. */
static void shows(const struct lane_members *members, const char *want)
{
    auto_json object = json_object();
    auto_mem char *text = NULL;

    lane_work_show(members->work, object);
    text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(3));
    ck_assert_str_eq(text, want);
}

#define RETRY(max)                                                                                 \
    "\"retry_policy\":{\"max_retries\":" max ",\"strategy\":\"exponential\",\"base_delay\":4.0,"   \
    "\"max_delay\":60.0,\"jitter\":true,\"jitter_range\":0.2}"
#define TIMEOUT(s) "\"timeout_policy\":{\"timeout_seconds\":" s ",\"on_timeout\":\"fail\"}"

START_TEST(what_is_said_of_the_work_goes_over_the_defaults_and_null_takes_it_back)
{
    auto_done(lane_members) kept = {0};
    auto_done(lane_members) more = {0};
    auto_done(lane_members) back = {0};
    struct err e = {0};

    shows(&kept,
          "{\"agent_id\":null,\"config\":{}," RETRY("3") "," TIMEOUT("120") ",\"dag_id\":null}");
    ck_assert(reads("ml", "{\"agent_id\":\"a\",\"config\":{\"n\":1}}", &kept, &e));
    ck_assert(reads("ml",
                    "{\"config\":{},\"retry_policy\":{\"max_retries\":0},"
                    "\"timeout_policy\":{\"timeout_seconds\":7}}",
                    &more, &e));
    lane_members_add(&kept, &more);
    shows(&kept,
          "{\"agent_id\":\"a\",\"config\":{}," RETRY("0") "," TIMEOUT("7") ",\"dag_id\":null}");
    ck_assert(reads("ml", "{\"agent_id\":null,\"retry_policy\":null}", &back, &e));
    lane_members_add(&kept, &back);
    shows(&kept,
          "{\"agent_id\":null,\"config\":{}," RETRY("3") "," TIMEOUT("7") ",\"dag_id\":null}");
    comes_to(&kept, "{\"config\":{},\"timeout_policy\":{\"timeout_seconds\":7}}");
}
END_TEST

START_TEST(an_agent_and_a_dag_take_each_others_place)
{
    auto_done(lane_members) kept = {0};
    auto_done(lane_members) dag = {0};
    auto_done(lane_members) agent = {0};
    auto_done(lane_members) none = {0};
    struct lane_spec spec = {0};
    struct err e = {0};

    ck_assert(reads("ml", "{\"agent_id\":\"a\",\"dag_id\":null}", &kept, &e));
    lane_members_apply(&kept, &spec);
    ck_assert(!spec.runs_dag);
    ck_assert(reads("ml", "{\"dag_id\":\"d\"}", &dag, &e));
    lane_members_add(&kept, &dag);
    comes_to(&kept, "{\"dag_id\":\"d\"}");
    ck_assert_str_eq(lane_work_dag(kept.work), "d");
    lane_members_apply(&kept, &spec);
    ck_assert(spec.runs_dag);
    ck_assert(reads("ml", "{\"agent_id\":\"b\"}", &agent, &e));
    lane_members_add(&kept, &agent);
    comes_to(&kept, "{\"agent_id\":\"b\"}");
    lane_members_apply(&kept, &spec);
    ck_assert(!spec.runs_dag);
    lane_members_add(&kept, &dag);
    ck_assert(reads("ml", "{\"dag_id\":null}", &none, &e));
    lane_members_add(&kept, &none);
    ck_assert_ptr_null(lane_work_dag(kept.work));
    ck_assert_ptr_null(lane_work_dag(NULL));
    lane_members_done(&none);
    ck_assert(!reads("ml", "{\"dag_id\":\"\"}", &none, &e));
    ck_assert(!reads("ml", "{\"dag_id\":7}", &none, &e));
}
END_TEST

START_TEST(a_lane_with_an_agent_has_a_name_that_a_dag_can_have)
{
    char longest[LANE_NAME_BYTES_MAX + 1];
    auto_done(lane_members) members = {0};
    auto_done(lane_members) named = {0};
    struct err e = {0};

    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ck_assert(reads(longest, "{\"slots\":1}", &members, &e));
    ck_assert(!reads(longest, "{\"agent_id\":\"a\"}", &named, &e));
    lane_members_done(&named);
    ck_assert_msg(strstr(e.msg, "dag_id") != NULL, "%s", e.msg);
    ck_assert(reads(longest + strlen(DAG_OF_LANE), "{\"agent_id\":\"a\"}", &members, &e));
}
END_TEST

START_TEST(a_name_is_of_letters_digits_and_three_signs)
{
    static const char *const names[] = {"a", "A.b_c-9", "0", "default"};
    static const char *const others[] = {"", "-x", ".x", "a b", "A/b", "\303\244"};
    char longest[LANE_NAME_BYTES_MAX + 2];
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        ck_assert(lane_name_read(names[i], &e));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        ck_assert_msg(!lane_name_read(others[i], &e), "%s", others[i]);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ck_assert(!lane_name_read(longest, &e));
    ck_assert(lane_name_read(longest + 1, &e));
}
END_TEST

TCase *members_case(void)
{
    TCase *c = tcase_create("members");

    tcase_add_test(c, what_is_said_is_read_and_written_as_it_was);
    tcase_add_test(c, what_is_refused_is_named);
    tcase_add_test(c, default_has_no_express_workers);
    tcase_add_test(c, what_is_not_said_holds_as_it_did);
    tcase_add_test(c, what_is_said_of_the_work_goes_over_the_defaults_and_null_takes_it_back);
    tcase_add_test(c, an_agent_and_a_dag_take_each_others_place);
    tcase_add_test(c, a_lane_with_an_agent_has_a_name_that_a_dag_can_have);
    tcase_add_test(c, a_name_is_of_letters_digits_and_three_signs);
    return c;
}
