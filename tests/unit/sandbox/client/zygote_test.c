/* zygote_test.c -- zygotes: who shares one, replaced, made room for, retired. */
#include "play.h"
#include "suites.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    enum isolation asked, least;
    bool granted, secrets;
    const char *had;
} isolations[] = {
    {ISOLATION_UNSET, ISOLATION_UNSET, true, false, "cold"},
    {ISOLATION_COLD, ISOLATION_UNSET, true, false, "cold"},
    {ISOLATION_WARM, ISOLATION_UNSET, true, false, "warm"},
    {ISOLATION_WARM, ISOLATION_UNSET, false, false, "cold"},
    {ISOLATION_WARM, ISOLATION_UNSET, true, true, "cold"},
    {ISOLATION_WARM, ISOLATION_COLD, true, false, "cold"},
    {ISOLATION_COLD, ISOLATION_EXEC, true, false, "exec"},
    {ISOLATION_EXEC, ISOLATION_UNSET, false, true, "exec"},
};

/* A zygote of its own kind is asked for where the one that is there will not do. */
static void expect_zygote_of(struct play *s, const char *kind)
{
    bool warm = strcmp(kind, "warm") == 0;

    if (strcmp(kind, "cold") == 0)
        return;
    s->zygote = hear(s, MSG_ZYGOTE_START);
    ck_assert_uint_eq(s->frame.frame.fd_count, warm);
    ck_assert_uint_eq(heard_u32(s), warm ? ZYGOTE_WARM : 0);
    say(s, MSG_ZYGOTE_READY, s->zygote, NULL, 0);
    turn(s);
}

START_TEST(an_attempt_shares_a_plugin_only_where_all_want_it_and_nobody_has_a_secret)
{
    struct sandbox_plugin plugin = {.isolation = isolations[_i].least,
                                    .warm_granted = isolations[_i].granted};
    struct attempt_spec spec;
    char told[64];
    struct process p;
    struct play s;
    int secret = -1;

    play_start(&s, NULL);
    load_plugin_of(&s, &plugin, "bytes");
    spec = spec_of(&s);
    spec.isolation = isolations[_i].asked;
    spec.has_secrets = isolations[_i].secrets;
    attempt_start(&s, &spec, &secret);
    expect_zygote_of(&s, isolations[_i].had);
    if (isolations[_i].had[0] == 'e' && !isolations[_i].secrets)
        (void)hear(&s, MSG_ZYGOTE_START); /* for a spare */
    p = hear_spawn(&s);
    ck_assert_uint_eq(p.zygote, s.zygote);
    ck_assert_uint_eq((p.request.flags & SPAWN_LOAD) == 0, strcmp(isolations[_i].had, "warm") == 0);
    say_spawned(&s, &p);
    process_ready(&p, INNER_LAYERS);
    turn(&s);
    snprintf(told, sizeof told, "started level 4 %s\n", isolations[_i].had);
    expect_told(&s, told);
    process_close(&p);
    if (secret >= 0)
        close(secret);
    play_stop(&s);
}
END_TEST

START_TEST(who_names_the_mathematics_has_zygotes_with_it_and_nobody_else)
{
    struct process p;
    uint64_t plain;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s); /* of a zygote without anything */
    plain = s.zygote;
    give_plugin(&s, NULL, "needs libm.so.6 and libc.so.6");
    s.zygote = hear(&s, MSG_ZYGOTE_START);
    ck_assert_uint_eq(heard_u32(&s), ZYGOTE_MATH);
    say(&s, MSG_ZYGOTE_READY, s.zygote, NULL, 0);
    turn(&s);
    p = hear_spawn(&s);
    ck_assert_uint_eq(p.zygote, s.zygote);
    process_close(&p);
    give_plugin(&s, NULL, "needs libc.so.6");
    p = hear_spawn(&s);
    ck_assert_uint_eq(p.zygote, plain);
    process_close(&p);
    play_stop(&s);
}
END_TEST

/* Its own word counts for nothing: the level is what was seen from outside. */
START_TEST(the_layers_that_were_seen_and_those_that_were_said_are_told_apart)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    attempt_start(&s, NULL, NULL);
    p = hear_spawn(&s);
    s.spare = hear_spawn(&s);
    say_spawned_with(&s, &p, ~(uint32_t)LAYER_MEMORY);
    process_ready(&p, ~0u);
    turn(&s);
    expect_told(&s, "started level 3 cold\n");
    ck_assert_uint_eq(s.layers, ~(uint32_t)LAYER_MEMORY);
    ck_assert_uint_eq(s.layers_said, ~0u);
    process_result(&p, 0, "1");
    process_close(&p);
    play_stop(&s);
}
END_TEST

static void zygote_dies(struct play *s)
{
    say_gone(s, s->zygote, ERR_UNAVAILABLE, "killed");
    turn(s);
}

/* A zygote that cannot be had: three times in a row, then those who wait are told. */
START_TEST(attempts_are_told_when_a_zygote_failed_three_times)
{
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    zygote_dies(&s);
    attempt_start(&s, NULL, NULL);
    for (int i = 1; i < 3; i++) {
        expect_told(&s, "");
        turn_after(&s, 25 << i);
        say_gone(&s, hear(&s, MSG_ZYGOTE_START), ERR_UNAVAILABLE, "no room");
        turn(&s);
    }
    expect_told(&s, "done infra InfrastructureError: no room\n");
    play_stop(&s);
}
END_TEST

START_TEST(a_zygote_that_dies_leaves_its_attempts_alone_and_is_replaced_behind_a_pause)
{
    struct process p, q;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    zygote_dies(&s);
    expect_told(&s, "");
    process_result(&p, 0, "7");
    process_exits(&s, &p, 0);
    expect_told(&s, "done ok 7\n");
    hear_all(&s);
    attempt_start(&s, NULL, NULL);
    hear_nothing(&s);
    turn_after(&s, 50);
    zygote_up(&s);
    q = hear_spawn(&s);
    ck_assert_uint_ne(q.zygote, p.zygote);
    process_close(&q);
    play_stop(&s);
}
END_TEST

/* However many spares one tenant's pool wants, another's attempt finds a zygote that can fork. */
START_TEST(spares_of_one_pool_leave_room_for_the_attempts_of_another)
{
    struct sandbox_options options = {.zygotes_max = 1, .spares_max = 64};
    struct process spares[8], p;
    struct attempt_spec spec;
    struct play s;
    struct err e;

    play_start(&s, &options);
    load_plugin(&s);
    spec = spec_of(&s);
    ck_assert(sandbox_warm(s.sb, &spec, 64, &e));
    for (int i = 0; i < 8; i++)
        spares[i] = hear_spawn(&s);
    turn_after(&s, 5);
    hear_nothing(&s); /* nor is its own zygote stopped to make room for a second */
    spec.tenant = "bolt";
    attempt_start(&s, &spec, NULL);
    p = hear_spawn(&s);
    hear_nothing(&s);
    /* Those that are there make room, and nobody has to come for it to be used. */
    for (int i = 0; i < 8; i++)
        say_spawned(&s, &spares[i]);
    turn_after(&s, 2);
    ck_assert_uint_eq(count_heard(&s, MSG_SPAWN), 7);
    for (int i = 0; i < 8; i++)
        process_close(&spares[i]);
    process_close(&p);
    play_stop(&s);
}
END_TEST

/* The kernel kills all of a pid namespace with its first process: that is not the attempt's crash.
 * Its own end is. */
START_TEST(a_process_that_is_killed_with_its_zygote_did_not_crash)
{
    uint64_t none[2] = {0, 0};
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    zygote_dies(&s);
    process_exits(&s, &p, _i == 0 ? KILLED : SIGSEGV);
    say(&s, MSG_RELEASED, p.id, none, sizeof none);
    turn(&s);
    expect_told(&s, _i == 0 ? "done infra InfrastructureError: its process ended with its zygote\n"
                            : "done crash Crash: the agent crashed: SIGSEGV\n");
    play_stop(&s);
}
END_TEST

/* Its layout may be known: what is still on its way is killed when it is there. */
START_TEST(what_a_spoiled_zygote_is_forking_for_that_plugin_is_not_used)
{
    struct attempt_spec spec;
    struct process p, reserved;
    struct play s;
    int secret = -1;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    spec = spec_of(&s);
    spec.has_secrets = true;
    attempt_start(&s, &spec, &secret);
    reserved = hear_spawn(&s);
    process_exits(&s, &p, SIGSEGV);
    expect_told(&s, "done crash Crash: the agent crashed: SIGSEGV\n"
                    "done infra InfrastructureError: its zygote is no longer trusted\n");
    hear_all(&s);
    say_spawned(&s, &s.spare);
    ck_assert_uint_eq(hear(&s, MSG_ZYGOTE_STOP), s.zygote);
    ck_assert_uint_eq(hear(&s, MSG_KILL), s.spare.id);
    process_exits(&s, &s.spare, KILLED);
    ck_assert_uint_eq(hear(&s, MSG_RELEASE), s.spare.id);
    close(secret);
    process_close(&reserved);
    play_stop(&s);
}
END_TEST

START_TEST(an_old_zygote_is_stopped_and_an_idle_domain_is_let_go)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    say_spawned(&s, &s.spare); /* or the stop waits for it */
    process_ready(&s.spare, INNER_LAYERS);
    turn_after(&s, 900 * 1000);
    ck_assert_uint_eq(count_heard(&s, MSG_ZYGOTE_STOP), 1);
    process_exits(&s, &s.spare, KILLED);
    process_result(&p, 0, "{}");
    process_exits(&s, &p, 0);
    expect_told(&s, "done ok {}\n");
    say_gone(&s, p.zygote, ERR_NONE, "");
    for (int i = 0; i < 4; i++)
        turn_after(&s, 700 * 1000);
    ck_assert_uint_eq(sandbox_counts(s.sb).zygotes, 0);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_starting, 0);
    play_stop(&s);
}
END_TEST

/* With one zygote at most, the domain that was used last keeps it only until another needs one. */
START_TEST(room_is_made_by_whoever_needed_a_zygote_least_lately)
{
    struct sandbox_options options = {.zygotes_max = 1, .spares_max = 1};
    struct attempt_spec other;
    struct process p;
    struct play s;

    play_start(&s, &options);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    process_result(&p, 0, "{}");
    process_exits(&s, &p, 0);
    hear_all(&s);
    say_text(&s, MSG_SPAWN_FAILED, s.spare.id, "no group");
    turn(&s);
    other = spec_of(&s);
    other.isolation = ISOLATION_EXEC;
    turn_after(&s, 5);
    attempt_start(&s, &other, NULL);
    turn_after(&s, 5);
    ck_assert_uint_eq(hear(&s, MSG_ZYGOTE_STOP), p.zygote);
    say_gone(&s, p.zygote, ERR_NONE, "");
    turn(&s);
    turn_after(&s, 5);
    ck_assert_uint_eq(count_heard(&s, MSG_ZYGOTE_START), 1);
    play_stop(&s);
}
END_TEST

START_TEST(isolation_exec_gives_each_attempt_a_zygote_that_is_stopped_when_it_has_forked)
{
    struct attempt_spec spec;
    struct process p;
    struct play s;
    uint64_t z;

    play_start(&s, NULL);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.isolation = ISOLATION_EXEC;
    attempt_start(&s, &spec, NULL);
    zygote_up(&s);
    z = s.zygote;
    ck_assert_uint_ne(hear(&s, MSG_ZYGOTE_START), z); /* for the spare: asked for at once */
    p = hear_spawn(&s);
    ck_assert_uint_eq(p.zygote, z);
    say_spawned(&s, &p);
    ck_assert_uint_eq(hear(&s, MSG_ZYGOTE_STOP), z);
    process_close(&p);
    play_stop(&s);
}
END_TEST

START_TEST(a_crash_takes_nothing_from_another_tenant)
{
    struct sandbox_options options = {.spares_max = 4, .spares_min = 1};
    struct process there, bad;
    struct attempt_spec spec;
    struct play s;
    struct err e;

    play_start(&s, &options);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.tenant = "neighbour";
    ck_assert(sandbox_warm(s.sb, &spec, 1, &e));
    there = hear_spawn(&s);
    say_spawned(&s, &there);
    process_ready(&there, INNER_LAYERS);
    turn(&s);
    attempt_start(&s, NULL, NULL);
    bad = hear_spawn(&s);
    say_spawned(&s, &bad);
    process_ready(&bad, INNER_LAYERS);
    turn(&s);
    hear_all(&s);
    process_exits(&s, &bad, SIGSEGV);
    ck_assert_uint_eq(hear(&s, MSG_RELEASE), bad.id);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_ready, 1);
    process_close(&there);
    play_stop(&s);
}
END_TEST

/* What another plugin has of that zygote, there or under way, stays: it told nobody anything. */
START_TEST(a_crash_takes_nothing_from_another_plugin)
{
    struct sandbox_options options = {.spares_max = 2, .spares_min = 1};
    struct process bad, there, coming;
    struct attempt_spec spec;
    struct play s;
    struct err e;
    int secret = -1;

    play_start(&s, &options);
    load_plugin_of(&s, NULL, "another");
    spec = spec_of(&s);
    ck_assert(sandbox_warm(s.sb, &spec, 1, &e));
    there = hear_spawn(&s);
    say_spawned(&s, &there);
    process_ready(&there, INNER_LAYERS);
    turn(&s);
    spec.has_secrets = true;
    attempt_start(&s, &spec, &secret);
    coming = hear_spawn(&s);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_ready, 1);
    hear_all(&s);
    load_plugin(&s);
    attempt_start(&s, NULL, NULL);
    bad = hear_spawn(&s);
    say_spawned(&s, &bad);
    process_ready(&bad, INNER_LAYERS);
    turn(&s);
    hear_all(&s);
    process_exits(&s, &bad, SIGSEGV);
    ck_assert_uint_eq(hear(&s, MSG_RELEASE), bad.id);
    hear_nothing(&s); /* no stop while something is under way */
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_ready, 1);
    say_spawned(&s, &coming);
    ck_assert_uint_eq(hear(&s, MSG_ZYGOTE_STOP), coming.zygote);
    process_ready(&coming, INNER_LAYERS);
    turn(&s);
    expect_told(&s, "started level 4 cold\ndone crash Crash: the agent crashed: SIGSEGV\n"
                    "started level 4 cold\n");
    close(secret);
    process_close(&there);
    process_close(&coming);
    play_stop(&s);
}
END_TEST

/* What one of a plugin's zygotes cannot do is the plugin's: it ran in there. */
START_TEST(a_warm_zygote_that_does_not_load_three_times_is_the_plugins_quarantine)
{
    struct sandbox_plugin plugin = {.warm_granted = true};
    struct attempt_spec spec;
    struct play s;

    play_start(&s, NULL);
    load_plugin_of(&s, &plugin, "bytes");
    spec = spec_of(&s);
    spec.isolation = ISOLATION_WARM;
    attempt_start(&s, &spec, NULL);
    for (int i = 0; i < 2; i++) {
        expect_told(&s, "");
        say_gone(&s, hear(&s, MSG_ZYGOTE_START), ERR_UNPROCESSABLE, "ended by SIGSYS");
        turn(&s);
        turn_after(&s, 50 << i);
    }
    hear(&s, MSG_ZYGOTE_START);
    expect_told(&s, "");
    turn_after(&s, 10 * 1000);
    hear(&s, MSG_ZYGOTE_KILL);
    expect_told(&s,
                "quarantined failed 3 times in a row before it was used: the plugin did not load "
                "in 10000 ms\n"
                "done revoked PluginRevoked: failed 3 times in a row before it was used: the "
                "plugin did not load in 10000 ms\n");
    hear_nothing(&s);
    play_stop(&s);
}
END_TEST

Suite *client_zygote_suite(void)
{
    Suite *suite = suite_create("client_zygote");
    TCase *tests = tcase_create("zygote");

    tcase_set_timeout(tests, 60); /* the clock is ours; the machine may be slow */
    tcase_add_loop_test(tests,
                        an_attempt_shares_a_plugin_only_where_all_want_it_and_nobody_has_a_secret,
                        0, (int)ARRAY_LEN(isolations));
    tcase_add_test(tests, who_names_the_mathematics_has_zygotes_with_it_and_nobody_else);
    tcase_add_test(tests, the_layers_that_were_seen_and_those_that_were_said_are_told_apart);
    tcase_add_test(tests, attempts_are_told_when_a_zygote_failed_three_times);
    tcase_add_test(tests,
                   a_zygote_that_dies_leaves_its_attempts_alone_and_is_replaced_behind_a_pause);
    tcase_add_test(tests, spares_of_one_pool_leave_room_for_the_attempts_of_another);
    tcase_add_loop_test(tests, a_process_that_is_killed_with_its_zygote_did_not_crash, 0, 2);
    tcase_add_test(tests, what_a_spoiled_zygote_is_forking_for_that_plugin_is_not_used);
    tcase_add_test(tests, an_old_zygote_is_stopped_and_an_idle_domain_is_let_go);
    tcase_add_test(tests, room_is_made_by_whoever_needed_a_zygote_least_lately);
    tcase_add_test(tests,
                   isolation_exec_gives_each_attempt_a_zygote_that_is_stopped_when_it_has_forked);
    tcase_add_test(tests, a_crash_takes_nothing_from_another_tenant);
    tcase_add_test(tests, a_crash_takes_nothing_from_another_plugin);
    tcase_add_test(tests, a_warm_zygote_that_does_not_load_three_times_is_the_plugins_quarantine);
    suite_add_tcase(suite, tests);
    return suite;
}
