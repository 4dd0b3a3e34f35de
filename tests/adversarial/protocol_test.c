/* protocol_test.c -- cases 58 to 64 and 70: lies on the channel, ways to end, state that stays. */
#include "harness.h"

#include "base/limits.h"
#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
    const char *name;
    enum outcome outcome;
    int signal;
} endings[] = {
    /* 58 */
    {"partial", OUTCOME_PROTOCOL, 0},
    {"two_frames", OUTCOME_PROTOCOL, -1}, /* killed, unless it was faster */
    {"huge", OUTCOME_PROTOCOL, -1},
    {"bad_crc", OUTCOME_PROTOCOL, -1},
    {"no_head", OUTCOME_PROTOCOL, -1},
    {"forged_ready", OUTCOME_PROTOCOL, -1},
    {"nothing", OUTCOME_PROTOCOL, 0},
    {"exit_code", OUTCOME_PROTOCOL, 0},
    {"close_channel", OUTCOME_PROTOCOL, 0},
    /* 59, 62 */
    {"ok_then_crash", OUTCOME_CRASH, SIGSEGV},
    {"abort", OUTCOME_CRASH, SIGABRT},
    {"segv", OUTCOME_CRASH, SIGSEGV},
};

START_TEST(cases_58_to_62_only_one_whole_frame_and_a_clean_exit_are_a_result)
{
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = hostile(&w, endings[_i].name);
    expect_outcome(a, endings[_i].outcome);
    if (endings[_i].signal >= 0)
        ck_assert_int_eq(a->signal, endings[_i].signal);
    ck_assert_uint_eq(a->output.len, 0);
    world_done(&w);
}
END_TEST

static const char *const not_json[] = {
    "", "NaN", "{\"a\":1}x", "{\"a\":\xff}", "{\"a\":1,\"a\":2}", "\"\\ud800\"", "[1e999]"};

START_TEST(case_58_an_output_that_is_no_json_is_no_result)
{
    struct request r = {.agent = "raw", .config = not_json[_i]};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    expect_outcome(a, OUTCOME_PROTOCOL);
    ck_assert_ptr_nonnull(strstr(a->message, "not a JSON value"));
    world_done(&w);
}
END_TEST

START_TEST(case_60_exit_handlers_of_the_plugin_are_not_run)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(hostile(&w, "atexit"), "handlers not run");
    world_done(&w);
}
END_TEST

START_TEST(case_61_an_exception_does_not_unwind_into_the_worker)
{
    struct answer *a;
    struct world w;

    world_start(&w, NULL);
    world_add(&w, THROWING_PLUGIN);
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    a = hostile(&w, "throw");
    expect_outcome(a, OUTCOME_CRASH);
    ck_assert_int_eq(a->signal, SIGABRT);
    world_add(&w, HOSTILE_PLUGIN);
    world_done(&w);
}
END_TEST

START_TEST(case_63_a_corrupted_heap_hurts_nobody_else)
{
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = hostile(&w, "heap");
    ck_assert(a->outcome == OUTCOME_OK || a->outcome == OUTCOME_CRASH);
    world_done(&w);
}
END_TEST

START_TEST(case_64_every_attempt_starts_from_a_pristine_copy)
{
    char first[64];
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(hostile(&w, "count"), "1");
    expect_said(hostile(&w, "count"), "1");
    snprintf(first, sizeof first, "%.63s", said(hostile(&w, "random")));
    ck_assert_str_ne(said(hostile(&w, "random")), first);
    world_done(&w);
}
END_TEST

/* 65, 66: what a crash may have told is worth nothing afterwards. */
enum { LAYOUT_TRIES = 100 };

START_TEST(case_66_the_layout_is_another_one_after_a_crash)
{
    bool again = false;
    char before[128];
    struct world w;

    world_start_hostile(&w, NULL);
    snprintf(before, sizeof before, "%.127s", said(hostile(&w, "layout")));
    for (int i = 0; i < LAYOUT_TRIES && !again; i++)
        again = strcmp(said(hostile(&w, "layout")), before) == 0;
    ck_assert(again); /* without a crash it comes again; a busy plugin has a zygote for each CPU */
    for (int i = 0; i < 5; i++) {
        const struct answer *crashed = hostile(&w, "layout_then_segv");

        expect_outcome(crashed, OUTCOME_CRASH);
        snprintf(before, sizeof before, "%.127s", buf_text(&crashed->streams[STREAM_LOG]));
        ck_assert_ptr_nonnull(strstr(before, "0x"));
        for (int j = 0; j < 4; j++)
            ck_assert_ptr_null(strstr(before, said(hostile(&w, "layout"))));
    }
    world_done(&w);
}
END_TEST

START_TEST(case_65_isolation_exec_gives_every_attempt_its_own_layout)
{
    struct request r = {.config = "{\"case\":\"layout\"}", .isolation = ISOLATION_EXEC};
    char before[128];
    struct world w;

    world_start_hostile(&w, NULL);
    snprintf(before, sizeof before, "%.127s", said(attempt_run(&w, &r)));
    ck_assert_str_ne(said(attempt_run(&w, &r)), before);
    world_done(&w);
}
END_TEST

START_TEST(isolation_cold_runs_an_agent_as_warm_does)
{
    struct request r = {.config = "{\"case\":\"fds\"}", .isolation = ISOLATION_COLD};
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(attempt_run(&w, &r), "0 1 2 3");
    world_done(&w);
}
END_TEST

static const struct {
    int status;
    enum outcome outcome;
} statuses[] = {
    {-1, OUTCOME_PLUGIN_TRANSIENT}, {-2, OUTCOME_PLUGIN_FATAL}, {-3, OUTCOME_BAD_INPUT},
    {-4, OUTCOME_PLUGIN_FATAL},     {-5, OUTCOME_PLUGIN_FATAL}, {-6, OUTCOME_PLUGIN_FATAL},
    {-77, OUTCOME_PLUGIN_FATAL},    {5, OUTCOME_PLUGIN_FATAL},
};

START_TEST(a_status_decides_the_class_and_the_words_are_the_agents_own)
{
    char config[32];
    struct request r = {.agent = "fails", .config = config};
    struct answer *a;
    struct world w;

    snprintf(config, sizeof config, "{\"status\":%d}", statuses[_i].status);
    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    expect_outcome(a, statuses[_i].outcome);
    ck_assert_int_eq(a->status, statuses[_i].status);
    ck_assert_str_eq(a->error_class, "RuntimeError");
    ck_assert_str_eq(a->message, "Node failed");
    world_done(&w);
}
END_TEST

START_TEST(an_agent_that_is_not_there_is_named)
{
    struct request r = {.agent = "nobody"};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    expect_outcome(a, OUTCOME_UNKNOWN_AGENT);
    ck_assert_str_eq(a->message, "Agent 'nobody' not found in registry");
    world_done(&w);
}
END_TEST

START_TEST(an_input_of_many_packets_arrives_whole)
{
    static char input[1536 * 1024];
    struct request r = {.agent = "canary", .input = input};
    struct answer *a;
    struct world w;

    memset(input, 'x', sizeof input - 1);
    memcpy(input, "{\"a\":\"", 6);
    memcpy(input + sizeof input - 3, "\"}", 2);
    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    expect_outcome(a, OUTCOME_OK);
    ck_assert_uint_eq(a->output.len, sizeof input - 1);
    ck_assert_int_eq(memcmp(a->output.data, input, sizeof input - 1), 0);
    world_done(&w);
}
END_TEST

/* ---- outputs that are small as text and large as a tree ---- */

enum { CROWD = 16, CROWD_KIB_MAX = 256 * 1024 };

/* [0,{},{},0,...] of so many values in all, or as many as bytes take. */
static char *many_values(size_t values, size_t bytes)
{
    struct buf text = {0};

    buf_adds(&text, "[0");
    for (size_t i = 2; i < values && text.len + 4 < bytes; i++)
        buf_adds(&text, i % 3 == 1 ? ",0" : ",{}");
    buf_addc(&text, ']');
    return buf_take(&text);
}

static long memory_kib(void)
{
    struct rusage usage;

    ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

START_TEST(an_output_of_as_many_values_as_may_be_is_read_beside_the_loop)
{
    auto_mem char *text = many_values(NODE_OUTPUT_VALUES_MAX, SIZE_MAX);
    struct request r = {.agent = "canary", .input = text};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    expect_outcome(a, OUTCOME_OK);
    ck_assert_str_eq(buf_text(&a->output), text);
    world_done(&w); /* which knows what the turns read */
}
END_TEST

/* Trees of 270 MB each, were they built. */
START_TEST(a_crowd_of_outputs_of_too_many_values_costs_neither_turns_nor_memory)
{
    auto_mem char *text = many_values(SIZE_MAX, NODE_OUTPUT_BYTES_MAX);
    struct request r = {.agent = "canary", .input = text, .deadline_ms = 60000};
    struct answer *crowd[CROWD];
    struct world w;
    long before;

    world_start_hostile(&w, NULL);
    before = memory_kib();
    for (int i = 0; i < CROWD; i++)
        crowd[i] = attempt_begin(&w, &r);
    world_await_all(&w);
    for (int i = 0; i < CROWD; i++) {
        expect_outcome(crowd[i], OUTCOME_PROTOCOL);
        ck_assert_ptr_nonnull(strstr(crowd[i]->message, "more than 100000 values"));
    }
    ck_assert_int_le(memory_kib() - before, CROWD_KIB_MAX);
    world_done(&w);
}
END_TEST

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("protocol");
    TCase *tests = tcase_create("cases 58 to 66");

    tcase_set_timeout(tests, 90);
    tcase_add_loop_test(tests, cases_58_to_62_only_one_whole_frame_and_a_clean_exit_are_a_result, 0,
                        LENGTH(endings));
    tcase_add_loop_test(tests, case_58_an_output_that_is_no_json_is_no_result, 0, LENGTH(not_json));
    tcase_add_test(tests, case_60_exit_handlers_of_the_plugin_are_not_run);
    tcase_add_test(tests, case_61_an_exception_does_not_unwind_into_the_worker);
    tcase_add_test(tests, case_63_a_corrupted_heap_hurts_nobody_else);
    tcase_add_test(tests, case_64_every_attempt_starts_from_a_pristine_copy);
    tcase_add_test(tests, case_65_isolation_exec_gives_every_attempt_its_own_layout);
    tcase_add_test(tests, case_66_the_layout_is_another_one_after_a_crash);
    tcase_add_test(tests, isolation_cold_runs_an_agent_as_warm_does);
    tcase_add_loop_test(tests, a_status_decides_the_class_and_the_words_are_the_agents_own, 0,
                        LENGTH(statuses));
    tcase_add_test(tests, an_agent_that_is_not_there_is_named);
    tcase_add_test(tests, an_input_of_many_packets_arrives_whole);
    tcase_add_test(tests, an_output_of_as_many_values_as_may_be_is_read_beside_the_loop);
    tcase_add_test(tests, a_crowd_of_outputs_of_too_many_values_costs_neither_turns_nor_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
