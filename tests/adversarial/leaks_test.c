/* leaks_test.c -- cases 78 to 80, and secrets: an attempt finds nothing of the host's or of
 * another's, and cannot tell a secret by accident. */
#include "harness.h"

#include "base/mem.h"
#include "sandbox/wire/attempt_wire.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What hostile_leak.c looks for. */
#define CANARY "ORCH-CANARY-7f3a"

START_TEST(case_78_nothing_of_the_hosts_environment_is_there)
{
    struct world w;

    setenv("ORCH_TEST_VARIABLE", "visible", 1);
    setenv("LD_BIND_NOW", "1", 1);
    world_start_hostile(&w, NULL);
    expect_said(hostile(&w, "environment"), "0 variables, PATH unset");
    world_done(&w);
}
END_TEST

START_TEST(case_79_neither_the_hosts_memory_nor_a_siblings_input_is_there)
{
    struct request sibling = {.config = "{\"case\":\"sleep\"}",
                              .input = "{\"sibling\":\"" CANARY "\"}"};
    struct answer *a;
    struct world w;
    char *planted;

    setenv("ORCH_CANARY", CANARY, 1);
    planted = strdup(CANARY " in the host's heap");
    world_start_hostile(&w, NULL);
    a = attempt_begin(&w, &sibling);
    world_turn_for(&w, 100);
    ck_assert(a->started);
    expect_said(hostile(&w, "scan"), "not found");
    sandbox_attempt_kill(w.sb, a->id);
    attempt_await(&w, a);
    expect_outcome(a, OUTCOME_CANCELLED);
    free(planted);
    world_done(&w);
}
END_TEST

START_TEST(case_79_the_search_would_find_what_is_there)
{
    struct request r = {.config = "{\"case\":\"scan\"}", .input = "{\"own\":\"" CANARY "\"}"};
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(attempt_run(&w, &r), "found");
    world_done(&w);
}
END_TEST

/* core_pattern is the machine's, so the layer is looked at instead of the handler. */
START_TEST(case_80_a_crash_leaves_no_core)
{
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = hostile(&w, "segv");
    expect_outcome(a, OUTCOME_CRASH);
    ck_assert_uint_ne(a->layers & LAYER_DUMPABLE, 0);
    world_done(&w);
}
END_TEST

static void expect_clean(const struct buf *b, const char *secret, const char *hex)
{
    ck_assert_ptr_null(strstr(buf_text(b), secret));
    ck_assert_ptr_null(strstr(buf_text(b), hex));
}

START_TEST(a_secret_is_redacted_wherever_it_is_told)
{
    struct request r = {.config = "{\"case\":\"leak\"}", .secret = "hunter2-hunter2"};
    const char *hex = "68756e746572322d68756e74657232";
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    expect_said(a, "plain [redacted] hex [redacted]");
    for (int i = 0; i < 3; i++)
        expect_clean(&a->streams[i], r.secret, hex);
    ck_assert_str_eq(buf_text(&a->streams[STREAM_LOG]), "[redacted]");
    world_done(&w);
}
END_TEST

START_TEST(stdout_of_an_attempt_with_secrets_is_withheld_counted_and_marked)
{
    struct request r = {.config = "{\"case\":\"leak\"}", .secret = "hunter2-hunter2"};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    ck_assert_uint_eq(a->stdout_dropped, strlen(r.secret) + 1);
    ck_assert_ptr_nonnull(strstr(buf_text(&a->streams[STREAM_STDOUT]), "withheld"));
    world_done(&w);
}
END_TEST

START_TEST(a_secret_in_an_error_text_is_redacted)
{
    struct request r = {.config = "{\"case\":\"leak_error\"}", .secret = "hunter2-hunter2"};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    expect_outcome(a, OUTCOME_PLUGIN_FATAL); /* nobody had asked it to stop */
    ck_assert_str_eq(a->error_class, "LeakError");
    ck_assert_str_eq(a->message, "[redacted]");
    world_done(&w);
}
END_TEST

/* hostile_leak.c puts it across the limit of each text, where half of it would be told. */
START_TEST(a_secret_across_the_limits_of_texts_is_not_told_in_part)
{
    struct request r = {.config = "{\"case\":\"leak_far\"}", .secret = "Zq7!vK9$wM3#Jx5%"};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &r);
    expect_outcome(a, OUTCOME_PLUGIN_FATAL);
    ck_assert_uint_eq(strlen(a->error_class), 64);
    ck_assert_uint_eq(strlen(a->message), 4096);
    ck_assert_uint_gt(a->streams[STREAM_LOG].len, ATTEMPT_LOG_BYTES_MAX); /* two entries */
    ck_assert_uint_eq(a->log_dropped, 0);
    for (size_t i = 0; i + 4 <= strlen(r.secret); i++) {
        auto_mem char *piece = mem_strn(r.secret + i, 4);

        ck_assert_ptr_null(strstr(a->error_class, piece));
        ck_assert_ptr_null(strstr(a->message, piece));
        ck_assert_ptr_null(strstr(buf_text(&a->streams[STREAM_LOG]), piece));
    }
    world_done(&w);
}
END_TEST

START_TEST(without_secrets_both_streams_arrive_as_valid_utf8)
{
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = hostile(&w, "print");
    expect_said(a, "printed");
    ck_assert_str_eq(buf_text(&a->streams[STREAM_STDOUT]), "out\xef\xbf\xbd\xc3\xa9");
    ck_assert_str_eq(buf_text(&a->streams[STREAM_STDERR]), "err");
    world_done(&w);
}
END_TEST

START_TEST(seed_and_attempt_number_are_those_that_were_given)
{
    struct request r = {.config = "{\"case\":\"seed\"}", .seed = 0xa7, .attempt = 3};
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(attempt_run(&w, &r), "a7a7 3");
    world_done(&w);
}
END_TEST

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("leaks");
    TCase *tests = tcase_create("cases 78 to 80, secrets");

    tcase_set_timeout(tests, 90);
    tcase_add_test(tests, case_78_nothing_of_the_hosts_environment_is_there);
    tcase_add_test(tests, case_79_neither_the_hosts_memory_nor_a_siblings_input_is_there);
    tcase_add_test(tests, case_79_the_search_would_find_what_is_there);
    tcase_add_test(tests, case_80_a_crash_leaves_no_core);
    tcase_add_test(tests, a_secret_is_redacted_wherever_it_is_told);
    tcase_add_test(tests, stdout_of_an_attempt_with_secrets_is_withheld_counted_and_marked);
    tcase_add_test(tests, a_secret_in_an_error_text_is_redacted);
    tcase_add_test(tests, a_secret_across_the_limits_of_texts_is_not_told_in_part);
    tcase_add_test(tests, without_secrets_both_streams_arrive_as_valid_utf8);
    tcase_add_test(tests, seed_and_attempt_number_are_those_that_were_given);
    suite_add_tcase(suite, tests);
    return suite;
}
