/* limits_test.c -- cases 47 to 53, 56 and 57: time, memory, floods. */
#include "harness.h"

#include "base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { DEADLINE_MS = 300, TRIES = 4 };

static const char *const stuck[] = {"loop", "stop", "block", "stubborn", "catch_segv", "exit_hang"};

/* Turns the loop until the deadline by the clock it is given, and holds it to its word: as long as
 * the attempt runs, it wants to be woken no later than at the deadline. The first turn behind it
 * kills (tests/unit/sandbox/client shows the frame); how soon a busy machine takes that turn is not
 * asked here. */
static void turn_to_deadline(struct world *w, const struct answer *a, int64_t deadline_ns)
{
    int64_t now = clock_mono_ns();

    while (now < deadline_ns) {
        ck_assert_uint_eq(a->times, 0); /* never early */
        ck_assert_int_le(sandbox_next_timer(w->sb), deadline_ns);
        world_turn_once(w, deadline_ns);
        now = clock_mono_ns();
    }
}

START_TEST(cases_47_to_50_what_does_not_end_is_ended_at_its_deadline)
{
    char config[64];
    struct request r = {.config = config, .deadline_ms = DEADLINE_MS};
    struct answer *a = NULL;
    struct world w;

    snprintf(config, sizeof config, "{\"case\":\"%s\"}", stuck[_i]);
    world_start_hostile(&w, NULL);
    /* Where even the start takes longer than the deadline, another one finds a spare. */
    for (int i = 0; i < TRIES && (a == NULL || !a->started); i++) {
        a = attempt_begin(&w, &r);
        turn_to_deadline(&w, a, a->deadline_ns);
        attempt_await(&w, a);
        expect_outcome(a, OUTCOME_TIMEOUT);
    }
    ck_assert_int_eq(a->signal, SIGKILL);
    world_done(&w);
}
END_TEST

START_TEST(case_47_cpu_time_is_a_limit_of_its_own)
{
    struct request r = {.config = "{\"case\":\"loop\"}", .limits.cpu_ms = 200};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    expect_outcome(a, OUTCOME_CPU_LIMIT);
    ck_assert_int_eq(a->signal, SIGKILL);
    world_done(&w);
}
END_TEST

START_TEST(case_49_the_limits_signals_blocked_end_in_the_hard_limit)
{
    struct request r = {.config = "{\"case\":\"block\"}", .limits.cpu_ms = 200};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    expect_outcome(a, OUTCOME_CPU_LIMIT);
    ck_assert_int_eq(a->signal, SIGKILL);
    world_done(&w);
}
END_TEST

START_TEST(case_50_a_forbidden_call_cannot_be_caught)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_policy_violation(hostile(&w, "catch_sys"));
    world_done(&w);
}
END_TEST

START_TEST(case_51_malloc_until_null_ends_in_null_or_in_oom)
{
    struct request r = {.config = "{\"case\":\"malloc\"}", .limits.memory_bytes = 64 << 20};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    if (a->outcome == OUTCOME_OK)
        expect_said(a, "malloc said NULL");
    else
        expect_outcome(a, OUTCOME_OOM);
    world_done(&w);
}
END_TEST

START_TEST(case_52_four_gigabytes_touched_are_oom_and_no_timeout)
{
    struct request r = {.config = "{\"case\":\"touch\"}", .limits.memory_bytes = 64 << 20};
    struct world w;

    world_start_hostile(&w, NULL);
    if ((sandbox_layers(w.sb)->mask & LAYER_MEMORY) == 0)
        printf("skipped: no memory cgroup here; the poll is tested in failure_test\n");
    else
        expect_outcome(attempt_run(&w, &r), OUTCOME_OOM);
    world_done(&w);
}
END_TEST

START_TEST(case_53_a_stack_that_never_ends_is_a_crash)
{
    static const char *const names[] = {"recurse", "alloca"};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = hostile(&w, names[_i]);
    expect_outcome(a, OUTCOME_CRASH);
    ck_assert_int_eq(a->signal, SIGSEGV);
    world_done(&w);
}
END_TEST

static long resident_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

START_TEST(case_56_floods_on_stdout_and_stderr_are_cut_marked_and_kept_nowhere)
{
    static const char *const names[] = {"flood_out", "flood_err"};
    enum attempt_stream which = _i == 0 ? STREAM_STDOUT : STREAM_STDERR;
    struct answer *a;
    struct world w;
    long before;

    world_start_hostile(&w, NULL);
    before = resident_kib();
    a = hostile(&w, names[_i]);
    expect_said(a, "flooded");
    ck_assert_uint_eq(_i == 0 ? a->stdout_dropped : a->stderr_dropped, (512u << 20) - (256u << 10));
    ck_assert_ptr_nonnull(strstr(buf_text(&a->streams[which]), "cut here"));
    ck_assert_uint_lt(a->streams[which].len, 300u << 10);
    ck_assert_int_lt(resident_kib() - before, 16 * 1024);
    world_done(&w);
}
END_TEST

START_TEST(case_56_a_flood_of_log_lines_is_cut_and_counted)
{
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = hostile(&w, "flood_log");
    expect_said(a, "flooded");
    ck_assert_uint_le(a->streams[STREAM_LOG].len, 300u << 10);
    ck_assert_ptr_nonnull(strstr(buf_text(&a->streams[STREAM_LOG]), "cut here"));
    ck_assert_uint_eq(a->log_dropped, 200000u * 34 - (256u << 10));
    world_done(&w);
}
END_TEST

START_TEST(case_56_a_flood_on_the_channel_ends_the_attempt)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_outcome(hostile(&w, "flood_channel"), OUTCOME_PROTOCOL);
    world_done(&w);
}
END_TEST

START_TEST(case_57_closed_outputs_end_nothing)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(hostile(&w, "close"), "closed");
    world_done(&w);
}
END_TEST

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("limits");
    TCase *tests = tcase_create("cases 47 to 57");

    tcase_set_timeout(tests, 90);
    tcase_add_loop_test(tests, cases_47_to_50_what_does_not_end_is_ended_at_its_deadline, 0,
                        (int)(sizeof stuck / sizeof stuck[0]));
    tcase_add_test(tests, case_47_cpu_time_is_a_limit_of_its_own);
    tcase_add_test(tests, case_49_the_limits_signals_blocked_end_in_the_hard_limit);
    tcase_add_test(tests, case_50_a_forbidden_call_cannot_be_caught);
    tcase_add_test(tests, case_51_malloc_until_null_ends_in_null_or_in_oom);
    tcase_add_test(tests, case_52_four_gigabytes_touched_are_oom_and_no_timeout);
    tcase_add_loop_test(tests, case_53_a_stack_that_never_ends_is_a_crash, 0, 2);
    tcase_add_loop_test(tests, case_56_floods_on_stdout_and_stderr_are_cut_marked_and_kept_nowhere,
                        0, 2);
    tcase_add_test(tests, case_56_a_flood_of_log_lines_is_cut_and_counted);
    tcase_add_test(tests, case_56_a_flood_on_the_channel_ends_the_attempt);
    tcase_add_test(tests, case_57_closed_outputs_end_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
