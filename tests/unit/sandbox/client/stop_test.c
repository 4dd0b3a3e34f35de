/* stop_test.c -- attempts that are told to stop, killed, or past their deadline. */
#include "play.h"
#include "suites.h"

#include "base/clock.h"

#include <orch/plugin.h>
#include <unistd.h>

START_TEST(a_cancel_before_the_start_ends_it_and_a_cancel_behind_it_is_told_to_it)
{
    uint8_t bytes[ATTEMPT_CHUNK_BYTES_MAX];
    uint64_t running, waiting;
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, &running, NULL);
    waiting = attempt_start(&s, NULL, NULL);
    sandbox_attempt_cancel(s.sb, waiting);
    sandbox_attempt_cancel(s.sb, waiting);
    sandbox_attempt_cancel(s.sb, 12345);
    sandbox_attempt_cancel(s.sb, running);
    sandbox_attempt_cancel(s.sb, running);
    turn(&s);
    expect_told(&s, "done cancelled Cancelled: cancelled before it began\n");
    process_hears(&p, ATTEMPT_STOP, bytes);
    process_hears_nothing(&p);
    process_result(&p, ORCH_E_CANCELLED, "");
    process_exits(&s, &p, 0);
    expect_told(&s, "done cancelled ValueError: it is bad\n");
    play_stop(&s);
}
END_TEST

/* Its process is its own because of the secrets: nobody else may have it. */
START_TEST(a_cancel_ends_a_reservation_and_its_process)
{
    struct attempt_spec spec;
    struct process p;
    struct play s;
    int secret = -1;
    uint64_t id;

    play_start(&s, NULL);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.has_secrets = true;
    id = attempt_start(&s, &spec, &secret);
    p = spare_loading(&s);
    hear_all(&s);
    sandbox_attempt_cancel(s.sb, id);
    ck_assert_uint_eq(hear(&s, MSG_KILL), p.id);
    turn(&s);
    expect_told(&s, "done cancelled Cancelled: cancelled before it began\n");
    process_exits(&s, &p, KILLED);
    ck_assert_uint_eq(hear(&s, MSG_RELEASE), p.id);
    close(secret);
    play_stop(&s);
}
END_TEST

START_TEST(a_kill_is_sent_once_and_the_exit_decides)
{
    struct process p;
    struct play s;
    uint64_t id;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, &id, NULL);
    sandbox_attempt_kill(s.sb, id);
    sandbox_attempt_kill(s.sb, id);
    ck_assert_uint_eq(hear(&s, MSG_KILL), p.id);
    hear_nothing(&s);
    process_exits(&s, &p, KILLED);
    expect_told(&s, "done cancelled Cancelled: cancelled\n");
    play_stop(&s);
}
END_TEST

/* The client's clock is that of its last turn, which may be long ago: the kill is now. */
START_TEST(a_kill_between_two_turns_is_not_overdue_at_the_next)
{
    struct process p;
    struct play s;
    uint64_t id;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, &id, NULL);
    say_text(&s, MSG_SPAWN_FAILED, s.spare.id, "no room");
    sandbox_turn(s.sb, clock_mono_ns() - 5000 * MS_NS);
    sandbox_attempt_kill(s.sb, id);
    sandbox_turn(s.sb, clock_mono_ns());
    expect_told(&s, "");
    process_exits(&s, &p, KILLED);
    expect_told(&s, "done cancelled Cancelled: cancelled\n");
    play_stop(&s);
}
END_TEST

START_TEST(a_kill_that_crosses_a_whole_result_comes_too_late)
{
    struct process p;
    struct play s;
    uint64_t id;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, &id, NULL);
    process_result(&p, 0, "[1]");
    sandbox_attempt_kill(s.sb, id);
    process_exits(&s, &p, 0);
    expect_told(&s, "done ok [1]\n");
    play_stop(&s);
}
END_TEST

/* By the clock that the turn is given: not a nanosecond before, and in the first turn behind it. */
START_TEST(the_first_turn_at_the_deadline_kills_and_none_before_it)
{
    struct attempt_spec spec;
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.deadline_ns = s.now_ns + 3600 * 1000 * MS_NS;
    p = attempt_running(&s, &spec, NULL, NULL);
    say_text(&s, MSG_SPAWN_FAILED, s.spare.id, "no room"); /* or it would be overdue */
    turn(&s);
    hear_all(&s);
    ck_assert_int_le(sandbox_next_timer(s.sb), spec.deadline_ns);
    sandbox_turn(s.sb, spec.deadline_ns - 1);
    ck_assert_uint_eq(count_heard(&s, MSG_KILL), 0);
    sandbox_turn(s.sb, spec.deadline_ns);
    ck_assert_uint_eq(count_heard(&s, MSG_KILL), 1);
    process_exits(&s, &p, KILLED);
    expect_told(&s, "done timeout TimeoutError: killed at its deadline\n");
    play_stop(&s);
}
END_TEST

START_TEST(a_deadline_that_passes_before_the_start_is_a_timeout_queued_or_reserved)
{
    struct attempt_spec spec;
    struct play s;
    int secret = -1;

    play_start(&s, NULL);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.deadline_ns = s.now_ns + 60 * 1000 * MS_NS;
    attempt_start(&s, &spec, NULL);
    spec.has_secrets = true;
    attempt_start(&s, &spec, &secret);
    turn(&s);
    expect_told(&s, "");
    sandbox_turn(s.sb, spec.deadline_ns);
    expect_told(&s, "done timeout TimeoutError: the deadline passed before it could start\n"
                    "done timeout TimeoutError: the deadline passed before it could start\n");
    close(secret);
    play_stop(&s);
}
END_TEST

Suite *client_stop_suite(void)
{
    Suite *suite = suite_create("client_stop");
    TCase *tests = tcase_create("stop");

    tcase_set_timeout(tests, 60); /* the clock is ours; the machine may be slow */
    tcase_add_test(tests, a_cancel_before_the_start_ends_it_and_a_cancel_behind_it_is_told_to_it);
    tcase_add_test(tests, a_cancel_ends_a_reservation_and_its_process);
    tcase_add_test(tests, a_kill_is_sent_once_and_the_exit_decides);
    tcase_add_test(tests, a_kill_between_two_turns_is_not_overdue_at_the_next);
    tcase_add_test(tests, a_kill_that_crosses_a_whole_result_comes_too_late);
    tcase_add_test(tests, the_first_turn_at_the_deadline_kills_and_none_before_it);
    tcase_add_test(tests, a_deadline_that_passes_before_the_start_is_a_timeout_queued_or_reserved);
    suite_add_tcase(suite, tests);
    return suite;
}
