/* plugin_test.c -- plugins and their zygotes: loaded, refused, tried again, removed, retired. */
#include "play.h"
#include "suites.h"

#include "base/fd.h"
#include "base/hash.h"

#include <string.h>
#include <unistd.h>

START_TEST(a_plugin_is_loaded_once_and_told_with_its_words)
{
    struct sandbox_plugin plugin = {.id = "fixture", .version = "1.0.0"};
    struct play s;
    uint64_t z;

    play_start(&s, NULL);
    z = add_plugin(&s, &plugin, "bytes");
    ck_assert_uint_eq(s.frame.frame.fd_count, 1);
    say_words(&s, z, "fixture", "1.0.0");
    expect_told(&s, "ready fixture 1.0.0 agents 1\n");
    ck_assert_uint_eq(hear(&s, MSG_ZYGOTE_STOP), z);
    /* Crossed the STOP: for nobody. */
    say_words(&s, z, "fixture", "2.0.0");
    say_gone(&s, z, ERR_NONE, "");
    turn_after(&s, 2000);
    expect_told(&s, "");
    ck_assert_uint_eq(sandbox_counts(s.sb).zygotes, 0);
    ck_assert_uint_eq(sandbox_counts(s.sb).zygotes_lost, 0);
    play_stop(&s);
}
END_TEST

static const struct {
    const char *id, *version, *told;
} words[] = {
    {"other", "1.0.0", "refused plugin says it is 'other', its manifest says 'fixture'\n"},
    {"fixture", "1.0.1", "refused plugin says version '1.0.1', its manifest says '1.0.0'\n"},
    {"", "1.0.0", "refused plugin's description cannot be read\n"},
};

START_TEST(words_that_are_not_the_manifests_refuse_it)
{
    struct sandbox_plugin plugin = {.id = "fixture", .version = "1.0.0"};
    struct play s;
    uint64_t z;

    play_start(&s, NULL);
    z = add_plugin(&s, &plugin, "bytes");
    say_words(&s, z, words[_i].id, words[_i].version);
    expect_told(&s, words[_i].told);
    ck_assert_uint_eq(hear(&s, MSG_ZYGOTE_STOP), z);
    say_gone(&s, z, ERR_NONE, "");
    turn_after(&s, 1);
    turn_after(&s, 1);
    /* It is removed: the same bytes may come again. */
    ck_assert_uint_ne(add_plugin(&s, &plugin, "bytes"), z);
    play_stop(&s);
}
END_TEST

START_TEST(a_load_that_fails_for_good_refuses_it_at_once)
{
    struct play s;

    play_start(&s, NULL);
    say_gone(&s, add_plugin(&s, NULL, "bytes"), ERR_UNPROCESSABLE, "exports malloc");
    turn(&s);
    expect_told(&s, "refused exports malloc\n");
    play_stop(&s);
}
END_TEST

/* ERR_UNAVAILABLE is the machine's fault: again after 50 ms, 100 ms; the third time it is told. */
START_TEST(a_load_that_fails_for_now_is_tried_three_times)
{
    struct play s;
    uint64_t z;

    play_start(&s, NULL);
    z = add_plugin(&s, NULL, "bytes");
    say_gone(&s, z, ERR_UNAVAILABLE, "fork failed");
    turn(&s);
    turn_after(&s, 45);
    hear_nothing(&s);
    turn_after(&s, 5);
    z = hear(&s, MSG_ZYGOTE_START);
    say_gone(&s, z, ERR_UNAVAILABLE, "fork failed");
    turn(&s);
    turn_after(&s, 95);
    hear_nothing(&s);
    turn_after(&s, 5);
    z = hear(&s, MSG_ZYGOTE_START);
    expect_told(&s, "");
    say_gone(&s, z, ERR_UNAVAILABLE, "fork failed");
    turn(&s);
    expect_told(&s, "refused fork failed\n");
    ck_assert_uint_eq(sandbox_counts(s.sb).zygotes_lost, 3);
    play_stop(&s);
}
END_TEST

START_TEST(a_load_that_does_not_end_is_killed_and_refused)
{
    struct sandbox_options options = {.load_ms = 300};
    struct play s;
    uint64_t z;

    play_start(&s, &options);
    z = add_plugin(&s, NULL, "bytes");
    turn(&s);
    hear_nothing(&s);
    turn_after(&s, 300);
    ck_assert_uint_eq(hear(&s, MSG_ZYGOTE_KILL), z);
    expect_told(&s, "refused the plugin did not load in 300 ms\n");
    say_gone(&s, z, ERR_NONE, "");
    turn_after(&s, 1);
    expect_told(&s, "");
    play_stop(&s);
}
END_TEST

static void expect_refused(struct play *s, const char *digest, int fd, enum err_code code)
{
    struct sandbox_plugin plugin = {.digest = digest, .so_fd = fd};
    struct err e;

    ck_assert(!sandbox_plugin_add(s->sb, &plugin, &e));
    ck_assert_msg(e.code == code, "%s", e.msg);
    hear_nothing(s);
}

START_TEST(bytes_that_are_not_the_digests_are_not_taken)
{
    struct sha256_hex digest = sha256_hex("bytes", 5);
    struct play s;
    struct err e;
    auto_fd sealed = -1;
    auto_fd empty = -1;

    play_start(&s, NULL);
    ck_assert(memfd_sealed("plugin", "other", 5, true, &sealed, &e));
    ck_assert(memfd_sealed("plugin", "", 0, true, &empty, &e));
    expect_refused(&s, "no digest", sealed, ERR_INVALID);
    expect_refused(&s, digest.text, STDIN_FILENO, ERR_DENIED);
    expect_refused(&s, digest.text, sealed, ERR_DENIED);
    expect_refused(&s, digest.text, empty, ERR_TOO_LARGE);
    load_plugin(&s);
    close(sealed);
    ck_assert(memfd_sealed("plugin", "the bytes of a plugin", 21, true, &sealed, &e));
    expect_refused(&s, s.digest, sealed, ERR_CONFLICT);
    play_stop(&s);
}
END_TEST

START_TEST(removing_a_plugin_ends_what_waits_and_nothing_that_runs)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    attempt_start(&s, NULL, NULL);
    sandbox_plugin_remove(s.sb, "not there");
    sandbox_plugin_remove(s.sb, s.digest);
    turn(&s);
    expect_told(&s, "done infra InfrastructureError: the plugin was removed\n");
    process_result(&p, 0, "[]");
    process_exits(&s, &p, 0);
    expect_told(&s, "done ok []\n");
    play_stop(&s);
}
END_TEST

/* A domain's zygote that cannot be had: three times, then those who wait are told. */
START_TEST(attempts_are_told_when_a_zygote_failed_three_times)
{
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    attempt_start(&s, NULL, NULL);
    for (int i = 0; i < 3; i++) {
        expect_told(&s, "");
        say_gone(&s, hear(&s, MSG_ZYGOTE_START), ERR_UNAVAILABLE, "no room");
        turn(&s);
        turn_after(&s, 50 << i);
    }
    expect_told(&s, "done infra InfrastructureError: no room\n");
    play_stop(&s);
}
END_TEST

START_TEST(a_zygote_that_dies_leaves_its_attempts_alone_and_is_replaced)
{
    struct process p, q;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    say_gone(&s, p.zygote, ERR_UNAVAILABLE, "killed");
    turn(&s);
    expect_told(&s, "");
    process_result(&p, 0, "7");
    process_exits(&s, &p, 0);
    expect_told(&s, "done ok 7\n");
    hear_all(&s);
    attempt_start(&s, NULL, NULL);
    say(&s, MSG_ZYGOTE_READY, hear(&s, MSG_ZYGOTE_START), NULL, 0);
    turn(&s);
    q = hear_spawn(&s);
    ck_assert_uint_ne(q.zygote, p.zygote);
    process_close(&q);
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
    turn_after(&s, 900 * 1000);
    ck_assert_uint_eq(count_heard(&s, MSG_ZYGOTE_STOP), 1);
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
    other = spec_of(&s);
    other.tenant = "bolt";
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
    z = hear(&s, MSG_ZYGOTE_START);
    say(&s, MSG_ZYGOTE_READY, z, NULL, 0);
    turn(&s);
    p = hear_spawn(&s);
    ck_assert_uint_eq(p.zygote, z);
    ck_assert_uint_ne(hear(&s, MSG_ZYGOTE_START), z); /* for the spare */
    say_spawned(&s, &p);
    ck_assert_uint_eq(hear(&s, MSG_ZYGOTE_STOP), z);
    process_close(&p);
    play_stop(&s);
}
END_TEST

Suite *client_plugin_suite(void)
{
    Suite *suite = suite_create("client_plugin");
    TCase *tests = tcase_create("plugin");

    tcase_add_test(tests, a_plugin_is_loaded_once_and_told_with_its_words);
    tcase_add_loop_test(tests, words_that_are_not_the_manifests_refuse_it, 0,
                        (int)ARRAY_LEN(words));
    tcase_add_test(tests, a_load_that_fails_for_good_refuses_it_at_once);
    tcase_add_test(tests, a_load_that_fails_for_now_is_tried_three_times);
    tcase_add_test(tests, a_load_that_does_not_end_is_killed_and_refused);
    tcase_add_test(tests, bytes_that_are_not_the_digests_are_not_taken);
    tcase_add_test(tests, removing_a_plugin_ends_what_waits_and_nothing_that_runs);
    tcase_add_test(tests, attempts_are_told_when_a_zygote_failed_three_times);
    tcase_add_test(tests, a_zygote_that_dies_leaves_its_attempts_alone_and_is_replaced);
    tcase_add_test(tests, an_old_zygote_is_stopped_and_an_idle_domain_is_let_go);
    tcase_add_test(tests, room_is_made_by_whoever_needed_a_zygote_least_lately);
    tcase_add_test(tests,
                   isolation_exec_gives_each_attempt_a_zygote_that_is_stopped_when_it_has_forked);
    suite_add_tcase(suite, tests);
    return suite;
}
