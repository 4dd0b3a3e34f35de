/* spare_test.c -- a process before an attempt uses it: what it may do, and how it may fail that is
 * not its plugin's fault. */
#include "play.h"
#include "suites.h"

#include "sandbox/client/loop.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

START_TEST(one_that_is_ready_before_it_is_known_to_be_there_is_ready)
{
    struct process p;
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    keep_a_spare(&s, NULL);
    p = hear_spawn(&s);
    process_ready(&p, INNER_LAYERS);
    turn(&s);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_ready, 0);
    say_spawned(&s, &p);
    turn(&s);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_ready, 1);
    process_close(&p);
    play_stop(&s);
}
END_TEST

/* A host that was held up reads more events than one turn takes; what is in a channel by then was
 * said in time. */
START_TEST(one_that_was_ready_is_not_overdue_because_we_were_late)
{
    enum { SPARES = EVENTS_A_TURN + 8 };
    struct sandbox_options options = {.spares_max = SPARES, .zygotes_max = 1, .load_ms = 1000};
    struct attempt_spec spec;
    struct process p[SPARES];
    struct play s;
    struct err e;

    play_start(&s, &options);
    load_plugin(&s);
    spec = spec_of(&s);
    ck_assert(sandbox_warm(s.sb, &spec, SPARES, &e));
    for (int i = 0; i < SPARES; i++) {
        p[i] = hear_spawn(&s);
        close(take_fd(&p[i].out)); /* so many need few descriptors each */
        close(take_fd(&p[i].err));
        close(take_fd(&p[i].plugin));
        say_spawned(&s, &p[i]);
        turn_after(&s, 2);
    }
    for (int i = 0; i < SPARES; i++)
        process_ready(&p[i], INNER_LAYERS);
    turn_after(&s, 1000);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_ready, SPARES);
    for (int i = 0; i < SPARES; i++)
        process_close(&p[i]);
    play_stop(&s);
}
END_TEST

START_TEST(what_constructors_print_is_thrown_away)
{
    static const char text[30000];
    struct process p;
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    attempt_start(&s, NULL, NULL);
    p = hear_spawn(&s);
    s.spare = hear_spawn(&s);
    ck_assert_int_eq(write(p.out, text, sizeof text), sizeof text);
    turn(&s);
    say_spawned(&s, &p);
    ck_assert_int_eq(write(p.err, text, sizeof text), sizeof text);
    turn(&s);
    process_ready(&p, INNER_LAYERS);
    turn(&s);
    expect_told(&s, "started level 4 cold\n");
    process_close(&p);
    play_stop(&s);
}
END_TEST

/* The pidfd hangs up and init's word does not come. */
START_TEST(an_end_that_nobody_tells_of_is_nobodys_fault)
{
    struct process p;
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    keep_a_spare(&s, NULL);
    for (int i = 0; i < 4; i++) {
        p = spare_loading(&s);
        process_close(&p);
        turn(&s);
        turn_after(&s, 1000);
        ck_assert_uint_eq(sandbox_counts(s.sb).spares_starting, 0);
        expect_pause(&s, 50 << i);
    }
    expect_told(&s, "");
    play_stop(&s);
}
END_TEST

START_TEST(a_reservation_ends_with_its_process)
{
    struct attempt_spec spec;
    struct process p;
    struct play s;
    int secret = -1;

    play_start(&s, &one_spare);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.has_secrets = true;
    attempt_start(&s, &spec, &secret);
    p = spare_loading(&s);
    process_exits(&s, &p, 1 << 8);
    expect_told(&s, "done infra InfrastructureError: a process exited with 1 while loading the "
                    "plugin\n");
    close(secret);
    play_stop(&s);
}
END_TEST

/* With an oom kill far below its limit: the machine was full. */
static void die_by_nobodys_hand(struct play *s, uint64_t oom_kills)
{
    uint64_t numbers[2] = {oom_kills, 1 << 20};
    struct process p = spare_loading(s);

    process_exits(s, &p, KILLED);
    ck_assert_uint_eq(hear(s, MSG_RELEASE), p.id);
    ck_assert_uint_eq(heard_u32(s), 1);
    hear_nothing(s);
    say(s, MSG_RELEASED, p.id, numbers, sizeof numbers);
    turn(s);
}

START_TEST(a_kill_that_nobody_explains_is_no_strike_but_costs_a_longer_pause_each_time)
{
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    keep_a_spare(&s, NULL);
    for (int i = 0; i < 7; i++) {
        die_by_nobodys_hand(&s, i % 2);
        expect_pause(&s, 50 << i);
    }
    for (int i = 0; i < 2; i++) {
        die_by_nobodys_hand(&s, 0);
        expect_pause(&s, 5000);
    }
    expect_told(&s, "");
    play_stop(&s);
}
END_TEST

START_TEST(an_answer_about_its_end_is_not_waited_for_longer_than_two_seconds)
{
    struct process p;
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    keep_a_spare(&s, NULL);
    p = spare_loading(&s);
    process_exits(&s, &p, KILLED);
    ck_assert_uint_eq(hear(&s, MSG_RELEASE), p.id);
    turn_after(&s, 1990);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_starting, 1);
    turn_after(&s, 20);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_starting, 0);
    hear_nothing(&s);
    play_stop(&s);
}
END_TEST

/* The supervisor finds it dead before it tells us so. What fails then is taken back: it needs three
 * more until those who wait are told. */
START_TEST(a_fork_asked_of_a_zygote_that_just_died_is_not_the_pools_failure)
{
    struct process p;
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    attempt_start(&s, NULL, NULL);
    say_text(&s, MSG_SPAWN_FAILED, hear_spawn(&s).id, "broken pipe");
    say_text(&s, MSG_SPAWN_FAILED, hear_spawn(&s).id, "broken pipe");
    turn(&s);
    hear_nothing(&s);
    say_gone(&s, s.zygote, ERR_UNAVAILABLE, "killed");
    turn(&s);
    turn_after(&s, 50);
    zygote_up(&s);
    for (int i = 0; i < 3; i++) {
        expect_told(&s, "");
        say_text(&s, MSG_SPAWN_FAILED, hear_spawn(&s).id, "no group");
        p = hear_spawn(&s);
        say_text(&s, MSG_SPAWN_FAILED, p.id, "no group");
        turn(&s);
        process_close(&p);
        expect_pause(&s, 50 << i);
    }
    expect_told(&s, "done infra InfrastructureError: no group\n");
    play_stop(&s);
}
END_TEST

Suite *client_spare_suite(void)
{
    Suite *suite = suite_create("client_spare");
    TCase *tests = tcase_create("spare");

    tcase_set_timeout(tests, 60); /* the clock is ours; the machine may be slow */
    tcase_add_test(tests, one_that_is_ready_before_it_is_known_to_be_there_is_ready);
    tcase_add_test(tests, one_that_was_ready_is_not_overdue_because_we_were_late);
    tcase_add_test(tests, what_constructors_print_is_thrown_away);
    tcase_add_test(tests, an_end_that_nobody_tells_of_is_nobodys_fault);
    tcase_add_test(tests, a_reservation_ends_with_its_process);
    tcase_add_test(tests,
                   a_kill_that_nobody_explains_is_no_strike_but_costs_a_longer_pause_each_time);
    tcase_add_test(tests, an_answer_about_its_end_is_not_waited_for_longer_than_two_seconds);
    tcase_add_test(tests, a_fork_asked_of_a_zygote_that_just_died_is_not_the_pools_failure);
    suite_add_tcase(suite, tests);
    return suite;
}
