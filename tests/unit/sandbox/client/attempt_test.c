/* attempt_test.c -- an attempt from its order to its answer, with a process that is well or not:
 * what is refused, what it is given, what it may say. */
#include "play.h"
#include "suites.h"

#include "base/limits.h"
#include "sandbox/client/stream.h"

#include <orch/plugin.h>
#include <string.h>
#include <unistd.h>

/* ---- orders ---- */

static void expect_refused(struct play *s, const struct attempt_spec *spec, enum err_code code)
{
    uint64_t id;
    struct err e;

    ck_assert(!sandbox_attempt_start(s->sb, spec, &id, NULL, &e));
    ck_assert_msg(e.code == code, "%s", e.msg);
    hear_nothing(s);
}

START_TEST(an_order_that_cannot_be_is_refused_and_starts_nothing)
{
    static char large[NODE_INPUT_BYTES_MAX + 1], tenant[TENANT_BYTES_MAX + 2];
    struct attempt_spec spec;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
#define REFUSED(code, ...)                                                                         \
    spec = spec_of(&s);                                                                            \
    __VA_ARGS__;                                                                                   \
    expect_refused(&s, &spec, code)
    REFUSED(ERR_NOT_FOUND, spec.digest = "none");
    REFUSED(ERR_NOT_FOUND, spec.digest = NULL);
    REFUSED(ERR_UNSUPPORTED, spec.profile = PROFILE_NET);
    REFUSED(ERR_INVALID, spec.isolation = ISOLATION_COUNT);
    REFUSED(ERR_INVALID, spec.limits.threads_max = 65);
    REFUSED(ERR_DENIED, spec.min_level = 5);
    REFUSED(ERR_DENIED, spec.required_layers = 1u << 31);
    REFUSED(ERR_INVALID, spec.tenant = NULL);
    memset(tenant, 'a', sizeof tenant - 1);
    REFUSED(ERR_INVALID, spec.tenant = tenant);
    REFUSED(ERR_TOO_LARGE, (spec.input_json = large, spec.input_bytes = sizeof large));
    play_stop(&s);
}
END_TEST

START_TEST(no_more_attempts_run_or_wait_than_the_options_allow)
{
    struct sandbox_options options = {.attempts_max = 2};
    struct attempt_spec spec;
    struct play s;
    uint64_t id;

    play_start(&s, &options);
    load_plugin(&s);
    id = attempt_start(&s, NULL, NULL);
    attempt_start(&s, NULL, NULL);
    hear_all(&s);
    spec = spec_of(&s);
    expect_refused(&s, &spec, ERR_LIMIT);
    sandbox_attempt_cancel(s.sb, id);
    turn(&s);
    expect_told(&s, "done cancelled Cancelled: cancelled before it began\n");
    attempt_start(&s, NULL, NULL);
    play_stop(&s);
}
END_TEST

START_TEST(the_process_is_given_exactly_what_was_ordered)
{
    static char input[100 * 1024];
    uint8_t bytes[ATTEMPT_CHUNK_BYTES_MAX];
    struct attempt_spec spec;
    struct attempt_input got;
    auto_done(buf) whole = {0};
    struct process p;
    struct play s;
    struct err e;

    play_start(&s, NULL);
    load_plugin(&s);
    memset(input, ' ', sizeof input);
    spec = spec_of(&s);
    spec.input_json = input;
    spec.input_bytes = sizeof input;
    spec.config_json = "{\"c\":1}";
    spec.config_bytes = 7;
    spec.node_id = "node-1";
    spec.limits.memory_bytes = 1; /* raised to the least that a process needs */
    attempt_start(&s, &spec, NULL);
    p = hear_spawn(&s);
    ck_assert_uint_eq(p.request.memory_bytes, 16 << 20);
    ck_assert_uint_eq(p.request.cpu_ms, 600 * 1000);
    say_spawned(&s, &p);
    process_hears_nothing(&p); /* not before it says that it is ready */
    process_says(&p, ATTEMPT_READY, &(struct attempt_ready){INNER_LAYERS},
                 sizeof(struct attempt_ready));
    turn(&s);
    for (int i = 0; i < 3; i++)
        buf_add(&whole, bytes, process_hears(&p, ATTEMPT_INPUT, bytes));
    buf_add(&whole, bytes, process_hears(&p, ATTEMPT_INPUT_END, bytes));
    ck_assert_msg(attempt_input_unpack(whole.data, whole.len, &got, &e), "%s", e.msg);
    ck_assert_uint_eq(got.input.bytes, sizeof input);
    ck_assert_int_eq(memcmp(got.config.text, "{\"c\":1}", 7), 0);
    ck_assert_int_eq(memcmp(got.node.text, "node-1", 6), 0);
    ck_assert_uint_eq(got.log_bytes_max, 256 * 1024);
    ck_assert_uint_eq(got.output_bytes_max, NODE_OUTPUT_BYTES_MAX);
    process_close(&p);
    play_stop(&s);
}
END_TEST

/* More than its socket takes: the rest goes when there is room, the STOP behind it. */
START_TEST(a_large_input_waits_for_room_and_a_stop_waits_for_its_end)
{
    static char input[1024 * 1024];
    uint8_t bytes[ATTEMPT_CHUNK_BYTES_MAX];
    struct attempt_spec spec;
    struct attempt_packet packet;
    struct process p;
    struct play s;
    size_t got = 0;
    uint64_t id;

    play_start(&s, NULL);
    load_plugin(&s);
    memset(input, ' ', sizeof input);
    spec = spec_of(&s);
    spec.input_json = input;
    spec.input_bytes = sizeof input;
    id = attempt_start(&s, &spec, NULL);
    p = hear_spawn(&s);
    say_spawned(&s, &p);
    process_ready(&p, INNER_LAYERS);
    turn(&s);
    sandbox_attempt_cancel(s.sb, id);
    do {
        ssize_t n = read(p.channel, &packet, sizeof packet);

        ck_assert_int_gt(n, 0);
        got += packet.head.bytes;
        turn(&s);
    } while (packet.head.type == ATTEMPT_INPUT);
    ck_assert_int_eq(packet.head.type, ATTEMPT_INPUT_END);
    ck_assert_uint_gt(got, sizeof input);
    process_hears(&p, ATTEMPT_STOP, bytes);
    process_hears_nothing(&p);
    process_close(&p);
    play_stop(&s);
}
END_TEST

/* ---- words ---- */

START_TEST(what_an_attempt_says_is_told_in_its_order_and_its_end_last)
{
    struct {
        struct attempt_progress progress;
        char note[2];
    } progress = {{3, 9}, {'o', 'n'}};
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    process_logs(&p, 2, "first");
    process_says(&p, ATTEMPT_PROGRESS, &progress, sizeof progress.progress + 2);
    process_says(&p, ATTEMPT_HEARTBEAT, "", 0);
    process_result(&p, 0, "{\"n\":1}");
    process_exits(&s, &p, 0);
    expect_told(&s, "log 2 first\nprogress 3 of 9 on\nheartbeat\ndone ok {\"n\":1}\n");
    ck_assert_uint_eq(hear(&s, MSG_RELEASE), p.id);
    ck_assert_int_eq(memcmp(s.frame.frame.payload, "\0\0\0\0", 4), 0); /* no answer is asked */
    hear_nothing(&s);
    play_stop(&s);
}
END_TEST

START_TEST(a_turn_takes_a_bounded_number_of_an_attempts_packets)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    for (int i = 0; i < 20; i++)
        process_says(&p, ATTEMPT_HEARTBEAT, "", 0);
    turn(&s);
    ck_assert_uint_eq(s.told.len, 16 * strlen("heartbeat\n"));
    turn(&s);
    ck_assert_uint_eq(s.told.len, 20 * strlen("heartbeat\n"));
    process_close(&p);
    play_stop(&s);
}
END_TEST

START_TEST(a_log_over_its_cap_is_cut_marked_once_and_counted)
{
    struct attempt_spec spec;
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.limits.log_bytes = 12;
    p = attempt_running(&s, &spec, NULL, NULL);
    process_logs(&p, 1, "four");
    process_logs(&p, 1, "words");
    process_logs(&p, 1, "more");
    process_result(&p, 0, "1");
    process_exits(&s, &p, 0);
    expect_told(&s, "log 1 four\nlog 1 word\nlog 2 [log cut here: over its limit of 12 bytes]\n"
                    "log 2 [log ends here: 5 bytes of it were dropped]\n"
                    "done ok 1 dropped 5 0 0\n");
    play_stop(&s);
}
END_TEST

static void process_prints(struct play *s, int pipe, const char *bytes, size_t len)
{
    ck_assert_int_eq(write(pipe, bytes, len), (ssize_t)len);
    turn(s);
}

START_TEST(stdout_and_stderr_are_told_by_line_however_they_are_written)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    process_prints(&s, p.out, "a\xe2\x82", 3);
    process_prints(&s, p.out, "\xac", 1);
    ck_assert_uint_eq(s.told.len, 0); /* no line has ended */
    process_prints(&s, p.out, "\r\n\nof three\nthe last", 20);
    expect_told(&s, "stdout 1 a\xe2\x82\xac\nstdout 1 \nstdout 1 of three\n");
    process_prints(&s, p.err, "\xffno \rmore\xe2\n", 11);
    process_prints(&s, p.err, "before\0after\nnext\0", 18);
    expect_told(&s, "stderr 1 \xef\xbf\xbdno \rmore\xef\xbf\xbd\nstderr 1 before\\x00after\n");
    process_result(&p, 0, "1");
    process_exits(&s, &p, 0);
    expect_told(&s, "stdout 1 the last\nstderr 1 next\\x00\ndone ok 1\n");
    play_stop(&s);
}
END_TEST

START_TEST(stdout_over_its_cap_is_cut_between_characters_marked_and_counted)
{
    struct attempt_spec spec;
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.limits.log_bytes = 21;
    p = attempt_running(&s, &spec, NULL, NULL);
    process_prints(&s, p.out, "1234567\n12345678\n123\xe2\x82\xac\xe2\x82\xac\nmore", 31);
    expect_told(&s, "stdout 1 1234567\nstdout 1 12345678\nstdout 1 123\n"
                    "stdout 2 [stdout cut here: over its limit of 21 bytes]\n");
    process_prints(&s, p.out, "gone", 4);
    process_result(&p, 0, "1");
    process_exits(&s, &p, 0);
    expect_told(&s, "stdout 2 [stdout ends here: 15 bytes of it were dropped]\n"
                    "done ok 1 dropped 0 15 0\n");
    play_stop(&s);
}
END_TEST

/* A line of the most, one of one byte more, and one that ends in a later write. */
START_TEST(a_line_that_is_too_long_goes_on_in_the_next_entry)
{
    auto_done(buf) line = {0};
    auto_done(buf) told = {0};
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    while (line.len < STREAM_LINE_BYTES_MAX)
        buf_adds(&line, "0123456789abcdef");
    process_prints(&s, p.out, line.data, line.len);
    process_prints(&s, p.out, "\n", 1);
    process_prints(&s, p.out, line.data, line.len);
    process_prints(&s, p.out, "x\n", 2);
    buf_addf(&told, "stdout 1 %s\nstdout 1 %s" ATTEMPT_LOG_GOES_ON "\nstdout 1 x\n",
             buf_text(&line), buf_text(&line));
    expect_told(&s, buf_text(&told));
    process_result(&p, 0, "1");
    process_exits(&s, &p, 0);
    expect_told(&s, "done ok 1\n");
    play_stop(&s);
}
END_TEST

START_TEST(entries_that_did_not_leave_the_attempt_are_marked_in_their_place)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    process_logs(&p, 1, "before");
    process_says(&p, ATTEMPT_LOG_LOST, &(struct attempt_log_lost){3, 27, LOG_LOST_ROOM, 0},
                 sizeof(struct attempt_log_lost));
    process_says(&p, ATTEMPT_LOG_LOST, &(struct attempt_log_lost){1, 9, LOG_LOST_LONG, 0},
                 sizeof(struct attempt_log_lost));
    process_logs(&p, 1, "after");
    process_says(&p, ATTEMPT_LOG_LOST, &(struct attempt_log_lost){.why = LOG_LOST_LIMIT},
                 sizeof(struct attempt_log_lost));
    process_says(&p, ATTEMPT_LOG_LOST, &(struct attempt_log_lost){2, 5, LOG_LOST_LIMIT, 0},
                 sizeof(struct attempt_log_lost));
    process_result(&p, 0, "1");
    process_exits(&s, &p, 0);
    expect_told(&s, "log 1 before\n"
                    "log 2 [log cut here: 3 entries of 27 bytes lost, the host did not keep up]\n"
                    "log 2 [log cut here: 9 bytes more, a text has at most 262144]\n"
                    "log 1 after\n"
                    "log 2 [log cut here: over its limit of 262144 bytes]\n"
                    "log 2 [log ends here: 41 bytes of it were dropped]\n"
                    "done ok 1 dropped 41 0 0\n");
    play_stop(&s);
}
END_TEST

START_TEST(with_secrets_stdout_and_stderr_are_withheld_and_the_pipe_is_that_processs)
{
    struct attempt_spec spec;
    struct process p;
    struct play s;
    int secret = -1;
    char bytes[8];

    play_start(&s, NULL);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.has_secrets = true;
    p = attempt_running(&s, &spec, NULL, &secret);
    ck_assert_int_eq(write(secret, "token", 5), 5);
    ck_assert_int_eq(read(p.secrets, bytes, sizeof bytes), 5);
    ck_assert_int_eq(write(p.out, "token", 5), 5);
    turn(&s);
    expect_told(&s, "stdout 2 [stdout withheld: the node uses secrets]\n");
    process_result(&p, 0, "1");
    process_exits(&s, &p, 0);
    expect_told(&s, "stdout 2 [stdout ends here: 5 bytes of it were dropped]\n"
                    "done ok 1 dropped 0 5 0\n");
    close(secret);
    play_stop(&s);
}
END_TEST

/* ---- results ---- */

static const struct {
    int32_t status;
    const char *output, *told;
} results[] = {
    {0, "true", "done ok true\n"},
    {0, "not json", "done protocol ProtocolError: the output is not a JSON value: "},
    {ORCH_E_INPUT, "", "done bad-input ValueError: it is bad\n"},
    {ORCH_E_TRANSIENT, "", "done plugin-transient ValueError: it is bad\n"},
    {-99, "", "done plugin-fatal ValueError: it is bad\n"},
};

START_TEST(a_result_is_what_its_frame_says)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    process_result(&p, results[_i].status, results[_i].output);
    process_exits(&s, &p, 0);
    ck_assert_int_eq(strncmp(buf_text(&s.told), results[_i].told, strlen(results[_i].told)), 0);
    play_stop(&s);
}
END_TEST

/* 4 bytes a number as it comes, 23 as it is kept. */
START_TEST(an_output_is_measured_as_it_is_kept)
{
    struct attempt_spec spec;
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.limits.output_bytes = 64;
    p = attempt_running(&s, &spec, NULL, NULL);
    process_result(&p, 0, "[1e20,1e20,1e20]");
    process_exits(&s, &p, 0);
    ck_assert_msg(strstr(buf_text(&s.told), "the output has 73 bytes as it is kept, at most 64") !=
                      NULL,
                  "%s", buf_text(&s.told));
    play_stop(&s);
}
END_TEST

/* Its end of the socket is closed over a STOP that it never read: our next read fails once. That is
 * the last read when the supervisor's word comes first, as it does when it spoke the turn before.
 */
START_TEST(a_result_counts_though_its_process_did_not_read_all)
{
    struct process p;
    struct play s;
    uint64_t id;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, &id, NULL);
    sandbox_attempt_cancel(s.sb, id);
    say(&s, MSG_OVER_CPU, 12345, NULL, 0);
    turn(&s);
    process_result(&p, 0, "1");
    process_exits(&s, &p, 0);
    expect_told(&s, "done ok 1\n");
    play_stop(&s);
}
END_TEST

START_TEST(an_agent_that_the_plugin_has_not_is_named)
{
    struct attempt_result_head head = {.status = -1, .flags = RESULT_AGENT_UNKNOWN};
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    process_says(&p, ATTEMPT_RESULT, &head, sizeof head);
    process_exits(&s, &p, 0);
    expect_told(&s, "done unknown-agent UnknownAgent: Agent 'agent' not found in registry\n");
    play_stop(&s);
}
END_TEST

Suite *client_attempt_suite(void)
{
    Suite *suite = suite_create("client_attempt");
    TCase *tests = tcase_create("attempt");

    tcase_set_timeout(tests, 60); /* the clock is ours; the machine may be slow */
    tcase_add_test(tests, an_order_that_cannot_be_is_refused_and_starts_nothing);
    tcase_add_test(tests, no_more_attempts_run_or_wait_than_the_options_allow);
    tcase_add_test(tests, the_process_is_given_exactly_what_was_ordered);
    tcase_add_test(tests, a_large_input_waits_for_room_and_a_stop_waits_for_its_end);
    tcase_add_test(tests, what_an_attempt_says_is_told_in_its_order_and_its_end_last);
    tcase_add_test(tests, a_turn_takes_a_bounded_number_of_an_attempts_packets);
    tcase_add_test(tests, a_log_over_its_cap_is_cut_marked_once_and_counted);
    tcase_add_test(tests, stdout_and_stderr_are_told_by_line_however_they_are_written);
    tcase_add_test(tests, stdout_over_its_cap_is_cut_between_characters_marked_and_counted);
    tcase_add_test(tests, a_line_that_is_too_long_goes_on_in_the_next_entry);
    tcase_add_test(tests, entries_that_did_not_leave_the_attempt_are_marked_in_their_place);
    tcase_add_test(tests,
                   with_secrets_stdout_and_stderr_are_withheld_and_the_pipe_is_that_processs);
    tcase_add_loop_test(tests, a_result_is_what_its_frame_says, 0, (int)ARRAY_LEN(results));
    tcase_add_test(tests, a_result_counts_though_its_process_did_not_read_all);
    tcase_add_test(tests, an_output_is_measured_as_it_is_kept);
    tcase_add_test(tests, an_agent_that_the_plugin_has_not_is_named);
    suite_add_tcase(suite, tests);
    return suite;
}
