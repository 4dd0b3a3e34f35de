/* pool_test.c -- spares: how many, for whom, when they go. */
#include "play.h"
#include "suites.h"

#include "base/fd.h"

#include <unistd.h>

/* Hears n SPAWNs and makes spares, or attempts, of them. */
static void bring_up(struct play *s, struct process *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        p[i] = hear_spawn(s);
    for (unsigned i = 0; i < n; i++) {
        say_spawned(s, &p[i]);
        process_ready(&p[i], INNER_LAYERS);
        turn(s);
    }
}

static void close_all(struct process *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        process_close(&p[i]);
}

START_TEST(warmth_is_asked_for_ahead_and_the_next_attempt_starts_at_once)
{
    struct sandbox_options options = {.spares_max = 4, .spares_min = 1};
    struct process p[4];
    struct attempt_spec spec;
    struct play s;
    struct err e;

    play_start(&s, &options);
    load_plugin(&s);
    spec = spec_of(&s);
    ck_assert(sandbox_warm(s.sb, &spec, 3, &e));
    bring_up(&s, p, 3);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_ready, 3);
    expect_told(&s, "");
    attempt_start(&s, NULL, NULL);
    ck_assert_uint_eq(sandbox_counts(s.sb).attempts_running, 1);
    turn(&s);
    expect_told(&s, "started level 4 cold\n");
    /* Not while it runs alone and just began; then the spare is made again. */
    hear_nothing(&s);
    turn_after(&s, 5);
    ck_assert_uint_eq(count_heard(&s, MSG_SPAWN), 1);
    spec.digest = "none";
    ck_assert(!sandbox_warm(s.sb, &spec, 3, &e));
    close_all(p, 3);
    play_stop(&s);
}
END_TEST

START_TEST(a_reserved_attempt_takes_a_ready_spare_of_its_kind)
{
    struct sandbox_options options = {.spares_max = 2, .spares_min = 2};
    struct process p[2];
    struct attempt_spec spec;
    struct play s;
    struct err e;
    int secret = -1;

    play_start(&s, &options);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.has_secrets = true;
    ck_assert(sandbox_warm(s.sb, &spec, 2, &e));
    bring_up(&s, p, 2);
    attempt_start(&s, &spec, &secret);
    ck_assert_uint_eq(sandbox_counts(s.sb).attempts_running, 1);
    ck_assert_uint_eq(sandbox_counts(s.sb).attempts_waiting, 0);
    turn(&s);
    expect_told(&s, "started level 4 cold\n");
    close(secret);
    close_all(p, 2);
    play_stop(&s);
}
END_TEST

START_TEST(other_limits_are_another_pool)
{
    struct attempt_spec spec;
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    spec = spec_of(&s);
    spec.limits.cpu_ms = 1234;
    attempt_start(&s, &spec, NULL);
    process_close(&p);
    p = hear_spawn(&s);
    ck_assert_uint_eq(p.request.cpu_ms, 1234);
    hear_nothing(&s); /* the one spare that may be is the other pool's */
    process_close(&p);
    play_stop(&s);
}
END_TEST

START_TEST(spares_shrink_to_the_least_after_a_minute_and_go_after_ten)
{
    struct sandbox_options options = {.spares_max = 4, .spares_min = 1};
    struct process p[4];
    struct attempt_spec spec;
    struct play s;
    struct err e;

    play_start(&s, &options);
    load_plugin(&s);
    spec = spec_of(&s);
    ck_assert(sandbox_warm(s.sb, &spec, 4, &e));
    bring_up(&s, p, 4);
    turn_after(&s, 61 * 1000);
    ck_assert_uint_eq(count_heard(&s, MSG_KILL), 3);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_ready, 1);
    for (int i = 0; i < 3; i++)
        process_exits(&s, &p[i], KILLED);
    turn_after(&s, 600 * 1000);
    ck_assert_uint_eq(count_heard(&s, MSG_KILL), 1);
    process_exits(&s, &p[3], KILLED);
    turn_after(&s, 1000);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_ready, 0);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_starting, 0);
    play_stop(&s);
}
END_TEST

START_TEST(a_lone_client_is_worth_spinning_for_only_while_one_attempt_runs)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    ck_assert(!sandbox_spin(s.sb, 1000));
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    ck_assert(!sandbox_spin(s.sb, 1000)); /* a spare is coming up */
    say_text(&s, MSG_SPAWN_FAILED, s.spare.id, "no room");
    turn(&s);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_starting, 0);
    ck_assert(!sandbox_spin(s.sb, 1000)); /* nothing comes */
    process_close(&p);
    play_stop(&s);
}
END_TEST

/* Its bytes go out with the order, though nobody else has them any more. */
START_TEST(a_plugin_that_is_removed_before_its_spawn_was_sent_is_still_named_by_it)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    attempt_start(&s, NULL, NULL);
    sandbox_plugin_remove(s.sb, s.digest);
    p = hear_spawn(&s);
    ck_assert(memfd_is_sealed(p.plugin));
    hear_all(&s);
    expect_told(&s, "done infra InfrastructureError: the plugin was removed\n");
    process_close(&p);
    play_stop(&s);
}
END_TEST

Suite *client_pool_suite(void)
{
    Suite *suite = suite_create("client_pool");
    TCase *tests = tcase_create("pool");

    tcase_set_timeout(tests, 60); /* the clock is ours; the machine may be slow */
    tcase_add_test(tests, warmth_is_asked_for_ahead_and_the_next_attempt_starts_at_once);
    tcase_add_test(tests, a_reserved_attempt_takes_a_ready_spare_of_its_kind);
    tcase_add_test(tests, other_limits_are_another_pool);
    tcase_add_test(tests, spares_shrink_to_the_least_after_a_minute_and_go_after_ten);
    tcase_add_test(tests, a_lone_client_is_worth_spinning_for_only_while_one_attempt_runs);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, a_plugin_that_is_removed_before_its_spawn_was_sent_is_still_named_by_it);
    return suite;
}
