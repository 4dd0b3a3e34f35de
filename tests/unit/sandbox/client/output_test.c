/* output_test.c -- an output that is longer than the loop reads itself: it is on its way to the
 * thread that reads JSON and back, and other things happen meanwhile. */
#include "play.h"
#include "suites.h"

#include "base/json_thread.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

static struct play s;
static struct process p;
static uint64_t attempt;
static char output[JSON_AT_ONCE_BYTES_MAX + 2], done[sizeof output + 16];

/* A process gave an output, which ends with last, and is gone. */
static void setup_ending_with(const char *last)
{
    memset(output, ' ', sizeof output - 1);
    memcpy(output, "[1", 2);
    memcpy(output + sizeof output - 1 - strlen(last), last, strlen(last));
    snprintf(done, sizeof done, "done ok %s\n", output);
    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, &attempt, NULL);
    process_result(&p, 0, output);
    process_exits(&s, &p, 0);
}

static void setup(void)
{
    setup_ending_with("]");
}

static void teardown(void)
{
    play_stop(&s);
}

/* Turns as the loop does until something was told. */
static void await_told(void)
{
    struct pollfd ready = {.fd = sandbox_poll_fd(s.sb), .events = POLLIN};

    while (s.told.len == 0) {
        ck_assert_int_eq(poll(&ready, 1, 60000), 1);
        turn(&s);
    }
}

START_TEST(the_answer_comes_once_it_is_read)
{
    await_told();
    expect_told(&s, done);
    turn(&s);
    expect_told(&s, "");
}
END_TEST

START_TEST(a_stop_that_comes_while_it_is_read_comes_too_late)
{
    sandbox_attempt_cancel(s.sb, attempt);
    sandbox_attempt_kill(s.sb, attempt);
    sandbox_plugin_remove(s.sb, s.digest);
    await_told();
    expect_told(&s, done);
}
END_TEST

START_TEST(it_is_told_before_the_supervisor_is_said_to_be_gone)
{
    close(take_fd(&s.link));
    await_told();
    while (strstr(buf_text(&s.told), "gone\n") == NULL)
        turn(&s);
    ck_assert_int_eq(strncmp(buf_text(&s.told), done, strlen(done)), 0);
}
END_TEST

START_TEST(what_is_being_read_at_the_end_goes_without_an_answer)
{
    ck_assert_uint_eq(s.told.len, 0);
}
END_TEST

START_TEST(what_is_no_json_is_a_breach_although_it_came_whole)
{
    teardown();
    setup_ending_with("}");
    await_told();
    ck_assert_ptr_nonnull(strstr(buf_text(&s.told), "done protocol "));
    ck_assert_ptr_nonnull(strstr(buf_text(&s.told), "the output is not a JSON value: line 1 "));
}
END_TEST

Suite *client_output_suite(void)
{
    Suite *suite = suite_create("client output");
    TCase *tc = tcase_create("output");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_answer_comes_once_it_is_read);
    tcase_add_test(tc, a_stop_that_comes_while_it_is_read_comes_too_late);
    tcase_add_test(tc, it_is_told_before_the_supervisor_is_said_to_be_gone);
    tcase_add_test(tc, what_is_being_read_at_the_end_goes_without_an_answer);
    tcase_add_test(tc, what_is_no_json_is_a_breach_although_it_came_whole);
    suite_add_tcase(suite, tc);
    return suite;
}
