/* intake_test.c -- what strangers add to a lane's backend becomes tasks of it, once, or a dead
 * letter; nothing of it is lost. */
#include "entry_steps.h"

#include "base/mem.h"

#include <string.h>

static struct store_run_list task_row(const char *tenant, const char *task_id)
{
    struct store_run_list rows = {0};
    struct err e = {0};

    ck_assert(store_read_task(rig.reader, tenant, task_id, &rows, &e));
    return rows;
}

static void dies_as(const char *id, const char *why)
{
    const struct bridge_task *dead = host_says_task(BRIDGE_DEAD);

    ck_assert_str_eq(dead->entry.id, id);
    ck_assert_msg(strstr(dead->fault, why) != NULL, "%s", dead->fault);
    ck_assert_uint_gt(strlen(dead->failed_at), 0);
}

START_TEST(it_becomes_a_task_and_is_done_behind_its_end)
{
    entries_open();
    auto_done(store_run_list) rows = {0};

    bridge_entry("1-0!", "", "t1", "{\"a\":1}");
    rows = task_row(RIG_TENANT, "t1");
    ck_assert_uint_eq(rows.count, 1);
    ck_assert_int_eq(rows.rows[0].task_priority, 15);
    ck_assert_str_eq(rows.rows[0].created_by, "redis:ml");
    host_says(BRIDGE_TAKE, "1-0!");
    host_claims("1-0!", "express_ml_0");
    bridge_claimed("1-0!", 1);
    ck_assert_str_eq(rig_open_attempt(&rig, "task")->input, "{\"a\":1}");
    rig_ok(&rig, "task");
    host_says(BRIDGE_DONE, "1-0!");
    bridge_entry("2-0!", "", "t1", "{\"a\":1}"); /* once more, when it is over */
    host_says(BRIDGE_DONE, "2-0!");
    ck_assert_uint_eq(rig_open_count(&rig), 0);
}
END_TEST

START_TEST(many_of_one_id_are_one_run)
{
    entries_open();
    for (int i = 0; i < 6; i++) {
        char id[8];

        snprintf(id, sizeof id, "%d-0%s", i + 1, i % 2 ? "!" : "");
        bridge_entry(id, "", "t1", "{}");
    }
    host_says(BRIDGE_TAKE, "1-0");
    host_claims("1-0", "pool_ml_0");
    host_says(BRIDGE_DONE, "2-0!");
    host_says(BRIDGE_DONE, "3-0");
    host_says(BRIDGE_DONE, "4-0!");
    host_says(BRIDGE_DONE, "5-0");
    host_says(BRIDGE_DONE, "6-0!");
    host_says_nothing();
}
END_TEST

START_TEST(its_tenant_is_the_one_it_names)
{
    entries_open();
    auto_done(store_run_list) rows = {0};
    auto_done(store_run_list) mine = {0};

    bridge_entry("1-0", "other", "t1", "{}");
    rows = task_row("other", "t1");
    ck_assert_uint_eq(rows.count, 1);
    bridge_entry("2-0", "no tenant's name", "t1", "{}");
    mine = task_row(RIG_TENANT, "t1");
    ck_assert_uint_eq(mine.count, 1);
}
END_TEST

START_TEST(the_stream_decides_the_half)
{
    entries_open();
    static const struct {
        const char *id, *priority;
        int32_t want;
    } cases[] = {{"1-0!", "3", 12},  {"2-0!", "20", 20}, {"3-0", "20", 11}, {"4-0", "7", 7},
                 {"5-0!", "x1", 15}, {"6-0", "0", 5},    {"7-0", "101", 5}, {"8-0!", "", 15}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_done(store_run_list) rows = {0};

        bridge_entry_with(cases[i].id, cases[i].id, cases[i].priority);
        rows = task_row(RIG_TENANT, cases[i].id);
        ck_assert_int_eq(rows.rows[0].task_priority, cases[i].want);
    }
}
END_TEST

START_TEST(what_can_be_no_task_dies)
{
    entries_open();
    static const struct {
        const char *task_id, *payload, *why;
    } cases[] = {{"", "{}", "task_id"},
                 {"a/b", "{}", "task_id"},
                 {"t1", "{not json", "payload"},
                 {"t1", "[1]", "no object"},
                 {"t1", "", "payload"}};
    auto_done(store_run_list) rows = {0};
    struct bridge_task faulty = {.entry = ml_entry("9-0"), .fault = "the payload is too long"};
    struct buf body = {0};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bridge_entry("1-0", "", cases[i].task_id, cases[i].payload);
        dies_as("1-0", cases[i].why);
    }
    bridge_task_pack(&body, &faulty);
    bridge_says(BRIDGE_ENTRY, &body);
    dies_as("9-0", "the payload is too long");
    rows = task_row(RIG_TENANT, "t1");
    ck_assert_uint_eq(rows.count, 0);
    host_says_nothing();
}
END_TEST

START_TEST(another_payload_under_the_same_id_dies)
{
    entries_open();
    bridge_entry("1-0", "", "t1", "{\"a\":1}");
    host_says(BRIDGE_TAKE, "1-0");
    host_claims("1-0", "pool_ml_0");
    bridge_entry("2-0", "", "t1", "{\"a\":2}");
    dies_as("2-0", "another payload");
}
END_TEST

START_TEST(what_is_refused_for_now_comes_again)
{
    entries_open();
    task_lane_put("ml", "{\"agent_id\":null}");
    host_reads(false);
    bridge_entry("1-0", "", "t1", "{}"); /* a read under way */
    host_says(BRIDGE_RELEASE, "1-0");
    task_lane_put("ml", "{\"agent_id\":\"a\"}");
    host_reads(true);
    bridge_entry("1-0", "", "t1", "{}");
    host_says(BRIDGE_TAKE, "1-0");
}
END_TEST

START_TEST(a_full_lane_reads_no_more)
{
    entries_open();
    task_lane_put("ml", "{\"max_depth\":1,\"slots\":0}");
    bridge_entry("1-0", "", "t1", "{}");
    host_says(BRIDGE_TAKE, "1-0");
    host_reads(false);
    bridge_entry("2-0", "", "t2", "{}"); /* a read under way is taken */
    host_says(BRIDGE_TAKE, "2-0");
}
END_TEST

START_TEST(a_bridge_that_says_nonsense_is_given_up)
{
    entries_open();
    struct buf body = {0};

    pack_u32(&body, 7);
    bridge_says(BRIDGE_SCANNED, &body);
    ck_assert_int_lt(bridge_client_fd(rig.bridge), 0);
}
END_TEST

TCase *intake_cases(void)
{
    TCase *tc = tcase_create("intake");

    tcase_add_checked_fixture(tc, NULL, entries_close);
    tcase_add_test(tc, it_becomes_a_task_and_is_done_behind_its_end);
    tcase_add_test(tc, many_of_one_id_are_one_run);
    tcase_add_test(tc, its_tenant_is_the_one_it_names);
    tcase_add_test(tc, the_stream_decides_the_half);
    tcase_add_test(tc, what_can_be_no_task_dies);
    tcase_add_test(tc, another_payload_under_the_same_id_dies);
    tcase_add_test(tc, what_is_refused_for_now_comes_again);
    tcase_add_test(tc, a_full_lane_reads_no_more);
    tcase_add_test(tc, a_bridge_that_says_nonsense_is_given_up);
    return tc;
}
