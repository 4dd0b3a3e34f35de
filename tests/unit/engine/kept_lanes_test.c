/* kept_lanes_test.c -- lanes that operators set hold at once, after a restart, and where another
 * host set them. */
#include "suites.h"

#include "base/json.h"
#include "base/mem.h"
#include "engine/lanes/change.h"
#include "engine/lanes/kept.h"
#include "store/hosts.h"

#include <string.h>

static void publish(const char *nodes)
{
    auto_mem char *text = mem_printf("{\"name\":\"l\",\"dag_id\":\"l\",\"version\":\"1.0.0\","
                                     "\"nodes\":{%s}}",
                                     nodes);

    rig_publish(&rig, text);
}

#define NODE(id, lane) "\"" id "\":{\"agent_id\":\"a\",\"lane\":\"" lane "\"}"

static struct kept_lanes *kept(void)
{
    return engine_control(rig.engine)->lanes;
}

static struct rig_answer ask(const char *lane, const char *text, bool must_be_there)
{
    auto_json object = json_loads(text, 0, NULL);
    struct rig_answer answer = {0};
    auto_done(lane_members) members = {0};
    struct err e = {0};

    ck_assert_msg(lane_members_read(lane, object, &members, &e), "%s", e.msg);
    lane_change(kept(), &rig_actor,
                &(struct api_lane_change){.lane = lane,
                                          .members = &members,
                                          .must_be_there = must_be_there},
                rig_answered, &answer);
    rig_settle(&rig);
    ck_assert_uint_eq(answer.told, 1);
    return answer;
}

static struct rig_answer put(const char *lane, const char *text)
{
    return ask(lane, text, false);
}

static struct rig_answer set_paused(const char *lane, bool paused)
{
    return ask(lane, paused ? "{\"paused\":true}" : "{\"paused\":false}", true);
}

/* "VERSION SLOTS EXPRESS PAUSED" of what is shown of it. */
static void check_lane(const char *name, const char *want)
{
    auto_json lanes = engine_lanes_owned(rig.engine);
    auto_mem char *got = NULL;
    json_t *lane;
    size_t i;

    json_array_foreach(lanes, i, lane)
    {
        int version, slots, paused;
        json_t *express;

        ck_assert_int_eq(json_unpack(lane, "{s:i, s:i, s:b, s:o}", "version", &version, "slots",
                                     &slots, "paused", &paused, "express_priority", &express),
                         0);
        if (strcmp(json_string_value(json_object_get(lane, "name")), name) == 0)
            got = mem_printf("%d %d %lld %s", version, slots,
                             (long long)json_integer_value(express), paused ? "paused" : "goes on");
    }
    ck_assert_msg(got != NULL, "there is no lane '%s'", name);
    ck_assert_str_eq(got, want);
}

/* First. */
static void waits(const char *id, const char *reason)
{
    auto_json why = engine_run_why_owned(rig.engine, RIG_TENANT, id, 1);
    const json_t *first = json_array_get(json_object_get(why, "reasons"), 0);

    ck_assert_str_eq(json_text_of(first, "reason"), reason);
}

START_TEST(a_lane_is_made_and_changed_and_what_was_not_said_stays)
{
    check_lane("ml", "0 1 12 goes on");
    ck_assert(!put("ml", "{\"slots\":3}").created); /* it was there from the start */
    check_lane("ml", "1 3 12 goes on");
    ck_assert(put("nightly", "{\"express_priority\":9}").created);
    check_lane("nightly", "1 1 9 goes on");
    ck_assert(!put("nightly", "{\"slots\":0,\"paused\":true}").created);
    check_lane("nightly", "2 0 9 paused");
    ck_assert(!put("nightly", "{}").created);
    check_lane("nightly", "3 0 9 paused");
    rig_crash(&rig);
    check_lane("nightly", "3 0 9 paused");
    check_lane("ml", "1 3 12 goes on");
    check_lane("codegen", "0 1 12 goes on");
}
END_TEST

START_TEST(slots_count_at_once_and_fewer_wait_for_what_runs)
{
    publish(NODE("a", "ml") "," NODE("b", "ml") "," NODE("c", "ml") "," NODE("d", "ml"));
    run_of("l");
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    put("ml", "{\"slots\":3}");
    ck_assert_uint_eq(rig_open_count(&rig), 3);
    put("ml", "{\"slots\":1}");
    rig_ok(&rig, "a");
    rig_ok(&rig, "b");
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    put("ml", "{\"slots\":0}");
    rig_ok(&rig, "c");
    ck_assert_uint_eq(rig_open_count(&rig), 0);
    put("ml", "{\"slots\":1}");
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "d"));
}
END_TEST

START_TEST(a_paused_lane_says_so_and_goes_on_where_it_is_resumed)
{
    char id[UUID_TEXT_BYTES];

    ck_assert_int_eq(set_paused("ml", true).code, ERR_NONE);
    ck_assert_int_eq(set_paused("ml", true).code, ERR_NONE); /* it is so already */
    check_lane("ml", "1 1 12 paused");
    publish(NODE("a", "ml"));
    snprintf(id, sizeof id, "%s", run_of("l"));
    waits(id, "paused");
    rig_crash(&rig);
    waits(id, "paused");
    ck_assert_uint_eq(rig_open_count(&rig), 0);
    set_paused("ml", false);
    set_paused("ml", false);
    check_lane("ml", "2 1 12 goes on");
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "a"));
}
END_TEST

START_TEST(what_waits_for_a_lane_that_is_not_there_runs_once_it_is)
{
    publish(NODE("a", "nightly"));
    waits(run_of("l"), "no_such_lane");
    ck_assert(put("nightly", "{}").created);
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "a"));
}
END_TEST

START_TEST(only_a_lane_that_is_there_is_paused)
{
    struct rig_answer answer = set_paused("nowhere", true);

    ck_assert_int_eq(answer.code, ERR_NOT_FOUND);
    ck_assert_str_eq(answer.refusal, "LANE_NOT_FOUND");
    ck_assert_int_eq(put("nowhere", "{}").code, ERR_NONE);
    ck_assert_int_eq(set_paused("nowhere", true).code, ERR_NONE);
}
END_TEST

static void outside(const char *lane, int64_t version, const char *members)
{
    struct store_batch *b = store_batch_new();
    struct err e = {0};

    store_batch_lane_put(b, &(struct store_lane){.lane = lane,
                                                 .version = version,
                                                 .members = members,
                                                 .said_by = "other",
                                                 .said_in = RIG_TENANT,
                                                 .reason = "",
                                                 .said_us = 1});
    ck_assert_msg(store_commit_wait(rig.store, &b, NULL, &e), "%s", e.msg);
}

static void hear(enum store_news_kind kind, enum store_known known)
{
    engine_on_news(rig.engine, &(struct store_news){.kind = kind, .number = known});
    rig_settle(&rig);
}

START_TEST(what_another_host_sets_holds_once_it_is_heard_of)
{
    outside("ml", 1, "{\"slots\":4}");
    hear(STORE_NEWS_KNOWN, STORE_KNOWN_DAGS);
    check_lane("ml", "0 1 12 goes on");
    hear(STORE_NEWS_KNOWN, STORE_KNOWN_LANES);
    check_lane("ml", "1 4 12 goes on");
    outside("made", 1, "{\"slots\":5}");
    hear(STORE_NEWS_MISSED, 0);
    check_lane("made", "1 5 12 goes on");
}
END_TEST

START_TEST(a_change_goes_over_what_another_host_said_meanwhile)
{
    put("ml", "{\"express_priority\":30}");
    outside("ml", 2, "{\"express_priority\":30,\"slots\":4}");
    ck_assert_int_eq(put("ml", "{\"paused\":true}").code, ERR_NONE);
    check_lane("ml", "3 4 30 paused");
}
END_TEST

/* What is shown of the lane's tasks. */
static void check_work(const char *agent, const char *config)
{
    auto_json lanes = engine_lanes_owned(rig.engine);
    auto_mem char *got = NULL;
    json_t *lane = NULL;
    size_t i;

    json_array_foreach(lanes, i, lane)
    {
        if (strcmp(json_text_of(lane, "name"), "ml") == 0)
            break;
    }
    got = json_dumps(json_object_get(lane, "config"), JSON_COMPACT);
    ck_assert_str_eq(json_text_of(lane, "agent_id"), agent);
    ck_assert_str_eq(got, config);
}

START_TEST(what_a_lane_runs_is_kept_and_another_hosts_word_goes_over_it)
{
    put("ml", "{\"agent_id\":\"a\",\"config\":{\"n\":1}}");
    check_work("a", "{\"n\":1}");
    rig_crash(&rig);
    check_work("a", "{\"n\":1}");
    outside("ml", 2, "{\"agent_id\":\"b\"}");
    hear(STORE_NEWS_KNOWN, STORE_KNOWN_LANES);
    check_work("b", "{}");
    put("ml", "{\"config\":{\"n\":2}}");
    check_work("b", "{\"n\":2}");
}
END_TEST

START_TEST(what_is_set_goes_over_what_the_file_says)
{
    auto_json lanes = json_loads("{\"ml\":{\"slots\":3,\"agent_id\":\"a\",\"config\":{\"n\":1}},"
                                 "\"filed\":{\"express_priority\":9,\"paused\":true}}",
                                 0, NULL);

    rig_die(&rig);
    rig.options.lanes = lanes;
    rig_start(&rig);
    check_lane("ml", "0 3 12 goes on");
    check_lane("filed", "0 1 9 paused");
    check_work("a", "{\"n\":1}");
    ck_assert(!put("filed", "{\"paused\":false}").created);
    check_lane("filed", "1 1 9 goes on");
    put("ml", "{\"config\":{\"n\":2}}");
    check_work("a", "{\"n\":2}");
    rig_crash(&rig);
    check_lane("filed", "1 1 9 goes on");
    check_lane("ml", "1 3 12 goes on");
    check_work("a", "{\"n\":2}");
    put("ml", "{\"config\":null,\"slots\":2}"); /* nothing is said of it any more */
    check_work("a", "{\"n\":1}");
    check_lane("ml", "2 2 12 goes on");
}
END_TEST

static void is_routed(bool express, bool priority)
{
    struct lane_routing routing = kept_lanes_routing(kept());

    ck_assert(routing.no_express == !express && routing.no_priority == !priority);
}

START_TEST(the_switch_of_all_lanes_is_kept_and_heard_of)
{
    ck_assert_int_eq(put(LANE_ALL, "{\"express\":false}").code, ERR_NONE);
    is_routed(false, true);
    put(LANE_ALL, "{\"priority\":false}");
    is_routed(false, false);
    rig_crash(&rig);
    is_routed(false, false);
    outside(LANE_ALL, 3, "{\"express\":true,\"priority\":false}");
    hear(STORE_NEWS_KNOWN, STORE_KNOWN_LANES);
    is_routed(true, false);
    put(LANE_ALL, "{\"priority\":true}");
    is_routed(true, true);
}
END_TEST

static struct rig_answer scale(const char *lane, int32_t by)
{
    const struct lane_members members = {0};
    struct rig_answer answer = {0};

    lane_change(kept(), &rig_actor,
                &(struct api_lane_change){
                    .lane = lane, .members = &members, .must_be_there = true, .slots_by = by},
                rig_answered, &answer);
    rig_settle(&rig);
    ck_assert_uint_eq(answer.told, 1);
    return answer;
}

START_TEST(a_lane_is_scaled_from_what_it_has_then)
{
    scale("ml", 3);
    check_lane("ml", "1 4 12 goes on");
    outside("ml", 2, "{\"slots\":9}");
    scale("ml", -1); /* of another host's word, which it had not heard of */
    check_lane("ml", "3 8 12 goes on");
    scale("ml", -10);
    check_lane("ml", "4 1 12 goes on");
    scale("ml", -1); /* it has one: nothing is said */
    check_lane("ml", "4 1 12 goes on");
    put("ml", "{\"slots\":0}");
    scale("ml", -1);
    check_lane("ml", "5 0 12 goes on");
    put("ml", "{\"slots\":9999}");
    scale("ml", 10);
    check_lane("ml", "7 10000 12 goes on");
    ck_assert_int_eq(scale("none", 1).code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(two_changes_at_once_are_two_versions)
{
    struct rig_answer answers[2] = {{0}};
    const struct lane_members said[] = {{.has_slots = true, .slots = 7},
                                        {.has_paused = true, .paused = true}};

    for (size_t i = 0; i < ARRAY_LEN(said); i++)
        lane_change(kept(), &rig_actor,
                    &(struct api_lane_change){.lane = "ml", .members = &said[i]}, rig_answered,
                    &answers[i]);
    rig_settle(&rig);
    ck_assert_int_eq(answers[0].code + answers[1].code, ERR_NONE);
    ck_assert_uint_eq(answers[0].told + answers[1].told, 2);
    check_lane("ml", "2 7 12 paused");
}
END_TEST

START_TEST(what_a_newer_host_wrote_stays_as_it_is_here)
{
    put("ml", "{\"slots\":3}");
    outside("ml", 2, "{\"slots\":9,\"colour\":\"red\"}");
    hear(STORE_NEWS_KNOWN, STORE_KNOWN_LANES);
    check_lane("ml", "1 3 12 goes on");
    ck_assert_int_eq(put("ml", "{\"slots\":4}").code, ERR_INVALID);
    rig_crash(&rig);
    check_lane("ml", "0 1 12 goes on");
}
END_TEST

START_TEST(each_change_is_in_the_ledger_with_who_and_why)
{
    static const char *const types[] = {"audit.lane_put", "audit.lane_paused", "audit.lane_drained",
                                        "audit.lane_resumed"};
    auto_done(store_event_list) events = {0};
    struct err e = {0};
    size_t found = 0;

    put("ml", "{\"slots\":3}");
    set_paused("ml", true);
    set_paused("ml", true);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(ask("ml", "{\"draining\":true}", true).code, ERR_NONE);
    set_paused("ml", false);
    ck_assert(store_read_events_after(rig.reader, RIG_TENANT, 0, 100, &events, &e));
    for (size_t i = 0; i < events.count; i++) {
        if (strncmp(events.rows[i].type, "audit.lane", strlen("audit.lane")) != 0)
            continue;
        ck_assert_uint_lt(found, ARRAY_LEN(types));
        ck_assert_str_eq(events.rows[i].type, types[found++]);
        ck_assert_ptr_nonnull(strstr(events.rows[i].payload, "\"lane\":\"ml\""));
        ck_assert_ptr_nonnull(strstr(events.rows[i].payload, "\"slots\":3"));
        ck_assert_ptr_nonnull(strstr(events.rows[i].payload, rig_actor.reason));
    }
    ck_assert_uint_eq(found, ARRAY_LEN(types));
}
END_TEST

START_TEST(there_are_as_many_lanes_as_there_may_be_and_no_more)
{
    struct rig_answer answer;

    for (int i = 4; i < LANES_MAX; i++) {
        auto_mem char *name = mem_printf("l%d", i);

        outside(name, 1, "{}");
    }
    hear(STORE_NEWS_KNOWN, STORE_KNOWN_LANES);
    check_lane("l999", "1 1 12 goes on"); /* of the second page */
    answer = put("more", "{}");
    ck_assert_int_eq(answer.code, ERR_CONFLICT);
    ck_assert_str_eq(answer.refusal, "LANES_MAX");
    ck_assert_int_eq(put("l999", "{\"slots\":2}").code, ERR_NONE);
}
END_TEST

TCase *kept_lanes_cases(void)
{
    TCase *tc = tcase_create("kept_lanes");

    tcase_add_test(tc, a_lane_is_made_and_changed_and_what_was_not_said_stays);
    tcase_add_test(tc, slots_count_at_once_and_fewer_wait_for_what_runs);
    tcase_add_test(tc, a_paused_lane_says_so_and_goes_on_where_it_is_resumed);
    tcase_add_test(tc, what_waits_for_a_lane_that_is_not_there_runs_once_it_is);
    tcase_add_test(tc, only_a_lane_that_is_there_is_paused);
    tcase_add_test(tc, what_another_host_sets_holds_once_it_is_heard_of);
    tcase_add_test(tc, a_change_goes_over_what_another_host_said_meanwhile);
    tcase_add_test(tc, what_a_lane_runs_is_kept_and_another_hosts_word_goes_over_it);
    tcase_add_test(tc, what_is_set_goes_over_what_the_file_says);
    tcase_add_test(tc, the_switch_of_all_lanes_is_kept_and_heard_of);
    tcase_add_test(tc, a_lane_is_scaled_from_what_it_has_then);
    tcase_add_test(tc, two_changes_at_once_are_two_versions);
    tcase_add_test(tc, what_a_newer_host_wrote_stays_as_it_is_here);
    tcase_add_test(tc, each_change_is_in_the_ledger_with_who_and_why);
    tcase_add_test(tc, there_are_as_many_lanes_as_there_may_be_and_no_more);
    return tc;
}
