/* start_test.c -- the link to the supervisor: how it is started, breached, filled and lost. */
#include "play.h"
#include "suites.h"

#include <string.h>
#include <unistd.h>

START_TEST(the_supervisor_is_told_what_the_options_say)
{
    struct sandbox_options options = {.authority_path = "auth",
                                      .home = "here",
                                      .authority_create_root = true,
                                      .without = "landlock",
                                      .faults = "fork:1"};
    struct play s;

    play_start(&s, &options);
    ck_assert_str_eq(s.args, "orch-supervisor --worker hello --log-level info --log-format text "
                             "--authority auth --home here "
                             "--create-root --without landlock --fault fork:1");
    ck_assert_int_eq(sandbox_layers(s.sb)->level, 4);
    ck_assert_int_ge(sandbox_poll_fd(s.sb), 0);
    play_stop(&s);
}
END_TEST

START_TEST(a_supervisor_that_does_not_say_hello_is_no_start)
{
    play_start_fails("fails", "no rights");
    play_start_fails("exits", "did not start");
    play_start_fails("short", "did not start");
    play_start_fails("garbage", "bad frame");
}
END_TEST

START_TEST(a_program_that_is_not_there_is_no_start)
{
    struct sandbox_options options = {.supervisor_path = "/nonexistent", .worker_path = "hello"};
    struct sandbox *sb;
    struct err e;

    ck_assert(!sandbox_start(&options, &play_events, NULL, &sb, &e));
    ck_assert_int_eq(e.code, ERR_UNAVAILABLE);
    sandbox_free(NULL);
}
END_TEST

START_TEST(the_link_ends_with_the_client)
{
    struct play s;
    struct err e;

    play_start(&s, NULL);
    close(s.keeper); /* or the stand-in would have to be killed, after 3 s */
    s.keeper = -1;
    sandbox_free(s.sb);
    s.sb = NULL;
    ck_assert_int_eq(frame_recv(s.link, &s.frame, &e), FRAME_CLOSED);
    play_stop(&s);
}
END_TEST

START_TEST(an_authority_is_handed_to_the_caller)
{
    struct frame frame = {.type = MSG_AUTHORITY, .fds = (int[]){STDOUT_FILENO}, .fd_count = 1};
    struct play s;
    struct err e;

    play_start(&s, NULL);
    ck_assert(frame_send(s.link, &frame, &e));
    turn(&s);
    expect_told(&s, "authority\n");
    ck_assert_int_ge(s.authority_fd, 0);
    /* One that nobody is told of is closed: the sanitizer and the next test would see it. */
    ck_assert(frame_send(s.link, &frame, &e));
    play_stop(&s);
}
END_TEST

/* No turn does work without end: 128 frames, whatever waits behind them. */
START_TEST(a_turn_takes_a_bounded_number_of_the_supervisors_frames)
{
    struct frame frame = {.type = MSG_AUTHORITY, .fds = (int[]){STDOUT_FILENO}, .fd_count = 1};
    struct play s;
    struct err e;

    play_start(&s, NULL);
    for (int i = 0; i < 130; i++)
        ck_assert(frame_send(s.link, &frame, &e));
    turn(&s);
    ck_assert_uint_eq(s.told.len, 128 * strlen("authority\n"));
    buf_done(&s.told);
    s.told = (struct buf){0};
    turn(&s);
    expect_told(&s, "authority\nauthority\n");
    play_stop(&s);
}
END_TEST

static void breach_unlisted(struct play *s)
{
    say(s, MSG_HELLO, 1, NULL, 0);
}
static void breach_size(struct play *s)
{
    say(s, MSG_SPAWNED, 1, "abc", 3);
}
static void breach_no_descriptor(struct play *s)
{
    say(s, MSG_AUTHORITY, 0, NULL, 0);
}
static void breach_gone_unreadable(struct play *s)
{
    say(s, MSG_ZYGOTE_GONE, 1, "\1\0\0\0\377\377\377\377", 8);
}
static void breach_gone_code(struct play *s)
{
    say_gone(s, 1, (enum err_code)99, "why");
}
static void breach_no_frame(struct play *s)
{
    ck_assert_int_eq(write(s->link, "abc", 3), 3);
}
static void breach_end(struct play *s)
{
    close(s->link);
    s->link = -1;
}

static void (*const breaches[])(struct play *) = {
    breach_unlisted,  breach_size,     breach_no_descriptor, breach_gone_unreadable,
    breach_gone_code, breach_no_frame, breach_end,
};

START_TEST(a_breach_or_an_end_loses_the_supervisor_once_and_for_all)
{
    struct sandbox_plugin plugin = {.digest = ""};
    struct attempt_spec spec;
    struct play s;
    uint64_t id;
    struct err e;

    play_start(&s, NULL);
    breaches[_i](&s);
    turn(&s);
    turn(&s);
    expect_told(&s, "gone\n");
    spec = spec_of(&s);
    ck_assert(!sandbox_attempt_start(s.sb, &spec, &id, NULL, &e));
    ck_assert_int_eq(e.code, ERR_UNAVAILABLE);
    ck_assert(!sandbox_plugin_add(s.sb, &plugin, &e));
    ck_assert_int_eq(e.code, ERR_UNAVAILABLE);
    play_stop(&s);
}
END_TEST

/* Running: what it said is told first. Reserved and waiting: without a zygote. */
START_TEST(when_the_supervisor_goes_every_attempt_is_answered_before_that_is_told)
{
    struct attempt_spec spec;
    struct process p;
    struct play s;
    int secret = -1;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    spec = spec_of(&s);
    spec.has_secrets = true;
    attempt_start(&s, &spec, &secret);
    attempt_start(&s, NULL, NULL);
    process_logs(&p, 2, "a last word");
    close(s.link);
    s.link = -1;
    turn(&s);
    expect_told(&s, "log 2 a last word\n"
                    "done infra InfrastructureError: the supervisor is gone\n"
                    "done infra InfrastructureError: the supervisor is gone\n"
                    "done infra InfrastructureError: the supervisor is gone\n"
                    "gone\n");
    close(secret);
    process_close(&p);
    play_stop(&s);
}
END_TEST

START_TEST(frames_wait_in_order_while_the_supervisor_does_not_read)
{
    enum { PLUGINS = 3000 };
    struct sandbox_options options = {.zygotes_max = PLUGINS + 1};
    struct sandbox_plugin plugin = {.warm_granted = true};
    uint64_t last = 0;
    unsigned heard = 0;
    struct play s;
    struct err e;

    play_start(&s, &options);
    load_plugin_of(&s, &plugin, "bytes");
    /* Each tenant is a domain, which starts a zygote of its own. */
    for (int i = 0; i < PLUGINS; i++) {
        struct attempt_spec spec = spec_of(&s);
        char tenant[16];
        uint64_t id;

        snprintf(tenant, sizeof tenant, "t%d", i);
        spec.tenant = tenant;
        spec.isolation = ISOLATION_WARM;
        ck_assert(sandbox_attempt_start(s.sb, &spec, &id, NULL, &e));
    }
    for (int turns = 0; turns < 10 * PLUGINS && heard < PLUGINS; turns++) {
        while (frame_recv(s.link, &s.frame, &e) == FRAME_GOT) {
            ck_assert_int_eq(s.frame.frame.type, MSG_ZYGOTE_START);
            ck_assert_uint_gt(s.frame.frame.id, last);
            last = s.frame.frame.id;
            frame_close_fds(&s.frame);
            heard++;
        }
        turn(&s);
    }
    ck_assert_uint_eq(heard, PLUGINS);
    ck_assert_uint_eq(sandbox_counts(s.sb).zygotes, PLUGINS + 1);
    play_stop(&s);
}
END_TEST

Suite *client_start_suite(void)
{
    Suite *suite = suite_create("client_start");
    TCase *tests = tcase_create("start");

    tcase_set_timeout(tests, 60); /* the clock is ours; the machine may be slow */
    tcase_add_test(tests, the_supervisor_is_told_what_the_options_say);
    tcase_add_test(tests, a_supervisor_that_does_not_say_hello_is_no_start);
    tcase_add_test(tests, a_program_that_is_not_there_is_no_start);
    tcase_add_test(tests, the_link_ends_with_the_client);
    tcase_add_test(tests, an_authority_is_handed_to_the_caller);
    tcase_add_test(tests, a_turn_takes_a_bounded_number_of_the_supervisors_frames);
    tcase_add_loop_test(tests, a_breach_or_an_end_loses_the_supervisor_once_and_for_all, 0,
                        (int)ARRAY_LEN(breaches));
    tcase_add_test(tests, when_the_supervisor_goes_every_attempt_is_answered_before_that_is_told);
    tcase_add_test(tests, frames_wait_in_order_while_the_supervisor_does_not_read);
    suite_add_tcase(suite, tests);
    return suite;
}
