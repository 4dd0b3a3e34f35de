/* debounce_test.c -- starts that follow each other and become one run. */
#include "gate_steps.h"

#include "base/clock.h"

#include <string.h>

START_TEST(starts_that_follow_each_other_become_the_last_one)
{
    char runs[4][UUID_TEXT_BYTES];

    gate_publish("\"debounce\":{\"key\":\"input.k\",\"period\":10}");
    gate_start("1", runs[0]);
    gate_start("2", runs[1]);
    gate_pass(6 * RIG_S);
    gate_start("1", runs[2]);
    gate_check(runs, "cww");
    ck_assert(gate_says(runs[0], "debounced: a start that followed is run "));
    ck_assert(gate_says(runs[0], runs[2]));
    gate_pass(5 * RIG_S);
    gate_check(runs, "crw");
    gate_pass(5 * RIG_S);
    gate_check(runs, "crr");
    gate_start("1", runs[3]);
    gate_check(runs, "crrw");
    gate_pass(10 * RIG_S);
    gate_check(runs, "crrr");
}
END_TEST

START_TEST(it_is_the_last_one_with_its_own_input)
{
    char runs[2][UUID_TEXT_BYTES];

    gate_publish("\"debounce\":{\"period\":1}");
    gate_start("1", runs[0]);
    gate_start("2", runs[1]);
    gate_pass(2 * RIG_S);
    gate_check(runs, "cr");
    ck_assert_ptr_nonnull(strstr(rig_open_attempt(&rig, "a")->input, "{\"k\":2}"));
}
END_TEST

START_TEST(it_begins_so_long_behind_the_first_at_most)
{
    char runs[4][UUID_TEXT_BYTES];

    gate_publish("\"debounce\":{\"period\":10,\"max_wait\":15}");
    for (size_t i = 0; i < 3; i++) {
        gate_start("1", runs[i]);
        gate_pass(5 * RIG_S);
    }
    gate_check(runs, "ccr");
    gate_start("1", runs[3]);
    gate_pass(9 * RIG_S);
    gate_check(runs, "ccrw");
    gate_pass(RIG_S);
    gate_check(runs, "ccrr");
}
END_TEST

START_TEST(what_is_debounced_outlives_the_host)
{
    char runs[2][UUID_TEXT_BYTES];

    gate_publish("\"debounce\":{\"period\":10}");
    gate_start("1", runs[0]);
    gate_start("1", runs[1]);
    rig_crash(&rig);
    gate_check(runs, "cw");
    gate_pass(9 * RIG_S);
    gate_check(runs, "cw");
    rig_die(&rig);
    rig_pass(2 * RIG_S);
    rig_start(&rig);
    gate_check(runs, "cr");
    rig_crash(&rig);
    gate_check(runs, "cr");
}
END_TEST

START_TEST(why_says_until_when_it_is_debounced)
{
    auto_json why = NULL;
    const char *reason, *until, *key;
    char wanted[CLOCK_TEXT_BYTES];
    char runs[1][UUID_TEXT_BYTES];

    gate_publish("\"debounce\":{\"key\":\"input.k\",\"period\":10}");
    clock_text(rig_wall_us + 10 * 1000 * 1000, wanted);
    gate_start("1", runs[0]);
    why = engine_run_why_owned(rig.engine, RIG_TENANT, runs[0], 10);
    ck_assert_int_eq(json_unpack(json_array_get(json_object_get(why, "reasons"), 0),
                                 "{s:s, s:s, s:s}", "reason", &reason, "until", &until, "key",
                                 &key),
                     0);
    ck_assert_str_eq(reason, "debounce");
    ck_assert_str_eq(until, wanted);
    ck_assert_str_eq(key, "1");
}
END_TEST

START_TEST(what_was_debounced_then_waits_for_its_key)
{
    char runs[3][UUID_TEXT_BYTES];

    gate_publish("\"debounce\":{\"key\":\"input.k\",\"period\":10},\"concurrency\":{}");
    gate_start("1", runs[0]);
    gate_start("2", runs[1]);
    gate_pass(11 * RIG_S);
    gate_check(runs, "rw");
    rig_crash(&rig);
    gate_check(runs, "rw");
    gate_ok(runs[0]);
    gate_check(runs, "dr");
}
END_TEST

START_TEST(what_was_debounced_may_be_skipped)
{
    char runs[2][UUID_TEXT_BYTES];

    gate_publish("\"debounce\":{\"key\":\"input.k\",\"period\":10},"
                 "\"concurrency\":{\"on_conflict\":\"skip\"}");
    gate_start("1", runs[0]);
    gate_start("2", runs[1]);
    gate_pass(11 * RIG_S);
    gate_check(runs, "rc");
    ck_assert(gate_says(runs[1], "skipped: as many runs of its concurrency key go on as may"));
}
END_TEST

TCase *debounce_cases(void)
{
    TCase *c = tcase_create("debounce");

    tcase_add_test(c, starts_that_follow_each_other_become_the_last_one);
    tcase_add_test(c, it_is_the_last_one_with_its_own_input);
    tcase_add_test(c, it_begins_so_long_behind_the_first_at_most);
    tcase_add_test(c, what_is_debounced_outlives_the_host);
    tcase_add_test(c, why_says_until_when_it_is_debounced);
    tcase_add_test(c, what_was_debounced_then_waits_for_its_key);
    tcase_add_test(c, what_was_debounced_may_be_skipped);
    return c;
}
