/* plugin_test.c -- plugins: described, refused, tried again, removed, revoked. */
#include "play.h"
#include "suites.h"

#include "base/fd.h"
#include "base/hash.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

START_TEST(a_plugin_is_described_once_and_told_with_its_words)
{
    struct sandbox_plugin plugin = {.id = "fixture", .version = "1.0.0"};
    struct process p;
    struct play s;

    play_start(&s, NULL);
    p = add_plugin(&s, &plugin, "bytes");
    ck_assert_uint_eq(p.request.flags, SPAWN_LOAD | SPAWN_DESCRIBE);
    ck_assert_uint_eq(p.request.memory_bytes, 256 << 20);
    ck_assert_int_ge(p.plugin, 0);
    process_describes(&s, &p, "fixture", "1.0.0");
    expect_told(&s, "ready fixture 1.0.0 agents 1\n");
    ck_assert_uint_eq(hear(&s, MSG_RELEASE), p.id);
    turn_after(&s, 2000);
    hear_nothing(&s);
    expect_told(&s, "");
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_starting, 0);
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
    struct process p;
    struct play s;

    play_start(&s, NULL);
    p = add_plugin(&s, &plugin, "bytes");
    process_describes(&s, &p, words[_i].id, words[_i].version);
    expect_told(&s, words[_i].told);
    ck_assert_uint_eq(hear(&s, MSG_RELEASE), p.id);
    turn_after(&s, 1);
    /* It is removed: the same bytes may come again. */
    p = add_plugin(&s, &plugin, "bytes");
    process_close(&p);
    play_stop(&s);
}
END_TEST

static const struct {
    int status;
    const char *told;
} ends[] = {
    {SIGSYS, "refused a process ended by SIGSYS while loading the plugin: policy violation: a "
             "system call that the profile forbids; which one was not told ('orch explain "
             "policy-violation' says why)\n"},
    {SIGSEGV, "refused a process ended by SIGSEGV while loading the plugin\n"},
    {34 + 2, "refused a process ended by SIGRTMIN+2 while loading the plugin\n"},
    {3 << 8, "refused a process exited with 3 while loading the plugin\n"},
    {0, "refused a process exited with 0 while loading the plugin\n"},
};

START_TEST(one_that_ends_without_its_words_is_refused_at_once)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    p = add_plugin(&s, NULL, "bytes");
    say_spawned(&s, &p);
    process_says(&p, ATTEMPT_ABOUT, "begun", 5);
    process_exits(&s, &p, ends[_i].status);
    expect_told(&s, ends[_i].told);
    play_stop(&s);
}
END_TEST

START_TEST(whole_words_behind_which_it_crashes_are_none)
{
    auto_done(buf) about = {0};
    struct process p;
    struct play s;

    play_start(&s, NULL);
    p = add_plugin(&s, NULL, "bytes");
    say_spawned(&s, &p);
    pack_words(&about, "fixture", "1.0.0");
    process_says(&p, ATTEMPT_ABOUT_END, about.data, about.len);
    turn(&s);
    expect_told(&s, "");
    process_exits(&s, &p, SIGSEGV);
    expect_told(&s, "refused a process ended by SIGSEGV while loading the plugin\n");
    play_stop(&s);
}
END_TEST

static void say_ready(struct process *p)
{
    process_ready(p, INNER_LAYERS);
}
static void say_too_much(struct process *p)
{
    static const uint8_t part[ATTEMPT_CHUNK_BYTES_MAX];

    for (size_t n = 0; n <= PLUGIN_INFO_BYTES_MAX; n += sizeof part)
        process_says(p, ATTEMPT_ABOUT, part, sizeof part);
}
static void say_more_behind_the_end(struct process *p)
{
    process_says(p, ATTEMPT_ABOUT_END, "a", 1);
    process_says(p, ATTEMPT_ABOUT, "b", 1);
}
static void say_nothing_at_all(struct process *p)
{
    process_says(p, ATTEMPT_ABOUT, "", 0);
}
static void print_without_end(struct process *p)
{
    static const char text[40000];

    ck_assert_int_eq(write(p->out, text, sizeof text), sizeof text);
    ck_assert_int_eq(write(p->err, text, sizeof text), sizeof text);
}

static const struct {
    void (*commit)(struct process *);
    const char *told;
} breaches[] = {
    {say_ready, "refused plugin's description cannot be read: said what was not due\n"},
    {say_too_much, "refused plugin's description cannot be read: says more than there can be\n"},
    {say_more_behind_the_end,
     "refused plugin's description cannot be read: says more than there can be\n"},
    {say_nothing_at_all, "refused plugin's description cannot be read: said what was not due\n"},
    {print_without_end, "refused plugin's description cannot be read: wrote without end\n"},
};

START_TEST(one_that_breaks_the_rules_while_it_describes_itself_is_refused_and_killed)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    p = add_plugin(&s, NULL, "bytes");
    say_spawned(&s, &p);
    breaches[_i].commit(&p);
    turn(&s);
    expect_told(&s, breaches[_i].told);
    ck_assert_uint_eq(hear(&s, MSG_KILL), p.id);
    process_exits(&s, &p, KILLED);
    ck_assert_uint_eq(hear(&s, MSG_RELEASE), p.id);
    expect_told(&s, "");
    play_stop(&s);
}
END_TEST

START_TEST(a_load_that_fails_is_told_in_its_words)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    p = add_plugin(&s, NULL, "bytes");
    say_spawned(&s, &p);
    process_says(&p, ATTEMPT_LOAD_FAILED, "exports malloc\xff", 15);
    process_exits(&s, &p, 1 << 8);
    expect_told(&s, "refused exports malloc\xef\xbf\xbd\n");
    play_stop(&s);
}
END_TEST

START_TEST(a_load_that_does_not_end_is_killed_and_refused)
{
    struct sandbox_options options = {.load_ms = 300};
    struct process p;
    struct play s;

    play_start(&s, &options);
    p = add_plugin(&s, NULL, "bytes");
    turn_after(&s, 400); /* the time is counted from where it was let go */
    hear_nothing(&s);
    say_spawned(&s, &p);
    turn_after(&s, 299);
    hear_nothing(&s);
    turn_after(&s, 1);
    ck_assert_uint_eq(hear(&s, MSG_KILL), p.id);
    expect_told(&s, "refused the plugin did not load in 300 ms\n");
    process_exits(&s, &p, KILLED);
    turn_after(&s, 1);
    expect_told(&s, "");
    play_stop(&s);
}
END_TEST

/* ---- what is not its fault ---- */

static struct process describing(struct play *s, bool first)
{
    return first ? add_plugin(s, NULL, "bytes") : hear_spawn(s);
}

static void fail_before_it_was_let_go(struct play *s, struct process *p)
{
    say_text(s, MSG_SPAWN_FAILED, p->id, "no group");
    turn(s);
}

static void fail_by_a_kill_of_nobody(struct play *s, struct process *p)
{
    uint64_t none[2] = {0, 0};

    say_spawned(s, p);
    process_exits(s, p, KILLED);
    ck_assert_uint_eq(hear(s, MSG_RELEASE), p->id);
    ck_assert_uint_eq(heard_u32(s), 1); /* the supervisor is asked */
    say(s, MSG_RELEASED, p->id, none, sizeof none);
    turn(s);
}

static const struct {
    void (*befall)(struct play *, struct process *);
    const char *told;
} misfortunes[] = {
    {fail_before_it_was_let_go, "refused no group\n"},
    {fail_by_a_kill_of_nobody,
     "refused a process ended while loading the plugin, killed by somebody\n"},
};

/* Again after 50 ms, 100 ms; the third time it is told. */
START_TEST(a_load_that_fails_for_now_is_tried_three_times)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    for (int i = 0; i < 3; i++) {
        expect_told(&s, "");
        p = describing(&s, i == 0);
        misfortunes[_i].befall(&s, &p);
        process_close(&p);
        turn_after(&s, (50 << i) - 1);
        hear_nothing(&s);
        turn_after(&s, 1);
    }
    hear_nothing(&s);
    expect_told(&s, misfortunes[_i].told);
    play_stop(&s);
}
END_TEST

START_TEST(a_plugin_is_refused_when_three_zygotes_in_a_row_did_not_start)
{
    struct play s;

    play_start(&s, NULL);
    give_plugin(&s, NULL, "bytes");
    for (int i = 0; i < 3; i++) {
        expect_told(&s, "");
        say_gone(&s, hear(&s, MSG_ZYGOTE_START), ERR_UNAVAILABLE, "no memory");
        turn(&s);
        turn_after(&s, (50 << i) - 1);
        hear_nothing(&s);
        turn_after(&s, 1);
    }
    expect_told(&s, "refused no memory\n");
    ck_assert_uint_eq(sandbox_counts(s.sb).zygotes_lost, 3);
    play_stop(&s);
}
END_TEST

START_TEST(a_zygote_that_does_not_start_in_time_is_killed_and_another_is_asked_for)
{
    struct sandbox_options options = {.load_ms = 300};
    struct play s;
    uint64_t z;

    play_start(&s, &options);
    give_plugin(&s, NULL, "bytes");
    z = hear(&s, MSG_ZYGOTE_START);
    turn_after(&s, 300);
    ck_assert_uint_eq(hear(&s, MSG_ZYGOTE_KILL), z);
    turn_after(&s, 50);
    ck_assert_uint_ne(hear(&s, MSG_ZYGOTE_START), z);
    expect_told(&s, "");
    play_stop(&s);
}
END_TEST

/* A start with hundreds of them must not load them all together. */
START_TEST(only_so_many_are_described_at_once)
{
    unsigned most = 4 * (unsigned)sysconf(_SC_NPROCESSORS_ONLN), spawned = 0;
    struct process first = {0};
    struct play s;
    struct err e;

    play_start(&s, NULL);
    first = add_plugin(&s, NULL, "first");
    for (unsigned i = 1; i < most + 3; i++) {
        char bytes[32];

        snprintf(bytes, sizeof bytes, "bytes %u", i);
        give_plugin(&s, NULL, bytes);
        turn(&s);
    }
    /* One zygote takes 16 at once, then the next is asked for. */
    frame_close_fds(&s.frame);
    while (frame_recv(s.link, &s.frame, &e) == FRAME_GOT) {
        spawned += s.frame.frame.type == MSG_SPAWN;
        if (s.frame.frame.type == MSG_ZYGOTE_START)
            say(&s, MSG_ZYGOTE_READY, s.frame.frame.id, NULL, 0);
        frame_close_fds(&s.frame);
        turn_after(&s, 1);
    }
    ck_assert_uint_eq(spawned, most - 1);
    process_describes(&s, &first, "fixture", "1.0.0");
    turn_after(&s, 1);
    ck_assert_uint_eq(count_heard(&s, MSG_SPAWN), 1);
    play_stop(&s);
}
END_TEST

/* ---- bytes ---- */

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
    close(take_fd(&sealed));
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

START_TEST(revoking_a_plugin_ends_all_of_it_at_once_and_nothing_of_another)
{
    struct sandbox_options options = {.spares_max = 3, .spares_min = 1};
    struct process p, other;
    struct play s;
    char digest[65];

    play_start(&s, &options);
    load_plugin_of(&s, NULL, "another");
    attempt_start(&s, NULL, NULL);
    other = hear_spawn(&s);
    hear_all(&s);
    say_spawned(&s, &other);
    process_ready(&other, INNER_LAYERS);
    turn(&s);
    expect_told(&s, "started level 4 cold\n");
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    attempt_start(&s, NULL, NULL);
    hear_all(&s);
    memcpy(digest, s.digest, sizeof digest);
    sandbox_plugin_revoke(s.sb, "not there", "why");
    sandbox_plugin_revoke(s.sb, digest, "its key was stolen");
    turn(&s);
    expect_told(&s, "done revoked PluginRevoked: its key was stolen\n");
    ck_assert_uint_eq(count_heard(&s, MSG_KILL), 1);
    process_exits(&s, &p, KILLED);
    expect_told(&s, "done revoked PluginRevoked: its key was stolen\n");
    process_result(&other, 0, "1");
    process_exits(&s, &other, 0);
    expect_told(&s, "done ok 1\n");
    play_stop(&s);
}
END_TEST

START_TEST(a_revocation_reaches_what_runs_of_a_plugin_that_was_removed_before)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    sandbox_plugin_remove(s.sb, s.digest);
    turn(&s);
    sandbox_plugin_revoke(s.sb, s.digest, "revoked");
    process_exits(&s, &p, KILLED);
    expect_told(&s, "done revoked PluginRevoked: revoked\n");
    play_stop(&s);
}
END_TEST

START_TEST(an_attempt_that_was_faster_than_its_revocation_keeps_its_result)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    process_result(&p, 0, "1");
    sandbox_plugin_revoke(s.sb, s.digest, "revoked");
    process_exits(&s, &p, 0);
    expect_told(&s, "done ok 1\n");
    play_stop(&s);
}
END_TEST

Suite *client_plugin_suite(void)
{
    Suite *suite = suite_create("client_plugin");
    TCase *tests = tcase_create("plugin");

    tcase_set_timeout(tests, 60); /* the clock is ours; the machine may be slow */
    tcase_add_test(tests, a_plugin_is_described_once_and_told_with_its_words);
    tcase_add_loop_test(tests, words_that_are_not_the_manifests_refuse_it, 0,
                        (int)ARRAY_LEN(words));
    tcase_add_loop_test(tests, one_that_ends_without_its_words_is_refused_at_once, 0,
                        (int)ARRAY_LEN(ends));
    tcase_add_test(tests, whole_words_behind_which_it_crashes_are_none);
    tcase_add_loop_test(tests,
                        one_that_breaks_the_rules_while_it_describes_itself_is_refused_and_killed,
                        0, (int)ARRAY_LEN(breaches));
    tcase_add_test(tests, a_load_that_fails_is_told_in_its_words);
    tcase_add_test(tests, a_load_that_does_not_end_is_killed_and_refused);
    tcase_add_loop_test(tests, a_load_that_fails_for_now_is_tried_three_times, 0,
                        (int)ARRAY_LEN(misfortunes));
    tcase_add_test(tests, a_plugin_is_refused_when_three_zygotes_in_a_row_did_not_start);
    tcase_add_test(tests, a_zygote_that_does_not_start_in_time_is_killed_and_another_is_asked_for);
    tcase_add_test(tests, only_so_many_are_described_at_once);
    tcase_add_test(tests, bytes_that_are_not_the_digests_are_not_taken);
    tcase_add_test(tests, removing_a_plugin_ends_what_waits_and_nothing_that_runs);
    tcase_add_test(tests, revoking_a_plugin_ends_all_of_it_at_once_and_nothing_of_another);
    tcase_add_test(tests, a_revocation_reaches_what_runs_of_a_plugin_that_was_removed_before);
    tcase_add_test(tests, an_attempt_that_was_faster_than_its_revocation_keeps_its_result);
    suite_add_tcase(suite, tests);
    return suite;
}
