/* attempt_reader_test.c -- packets of an attempt, honest and not (SANDBOX.md 4, case 58). */
#include "sandbox/wire/attempt_reader.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct attempt_packet packet;
static struct attempt_reader reader;
static struct packet_part part;

static void fresh(void)
{
    reader = (struct attempt_reader){.output_bytes_max = 100};
    part = (struct packet_part){0};
}

static void done(void)
{
    attempt_reader_done(&reader);
}

static enum packet_kind take_bytes(uint32_t type, const void *bytes, size_t len)
{
    packet.head = (struct attempt_head){type, (uint32_t)len};
    if (len > 0)
        memcpy(packet.bytes, bytes, len);
    return attempt_reader_take(&reader, &packet, sizeof packet.head + len, &part);
}

static enum packet_kind take_result(struct attempt_result_head head, const char *tail)
{
    char bytes[512];
    size_t len = strlen(tail);

    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, tail, len);
    return take_bytes(ATTEMPT_RESULT, bytes, sizeof head + len);
}

static uint32_t crc(const char *text)
{
    return attempt_crc(0, text, strlen(text));
}

START_TEST(the_checksum_is_the_usual_one)
{
    ck_assert_uint_eq(crc("123456789"), 0xCBF43926);
    ck_assert_uint_eq(attempt_crc(crc("12345"), "6789", 4), 0xCBF43926);
}
END_TEST

START_TEST(a_result_in_one_packet_is_complete)
{
    struct attempt_result_head head = {.output_bytes = 2, .output_crc = crc("{}")};

    ck_assert_int_eq(take_result(head, "{}"), PACKET_RESULT);
    ck_assert(reader.complete);
    ck_assert_str_eq(buf_text(&reader.output), "{}");
}
END_TEST

START_TEST(a_result_in_pieces_is_complete_with_the_last)
{
    struct attempt_result_head head = {.output_bytes = 6, .output_crc = crc("[1, 2]")};

    ck_assert_int_eq(take_result(head, "[1"), PACKET_RESULT);
    ck_assert(!reader.complete);
    ck_assert_int_eq(take_bytes(ATTEMPT_OUTPUT, ", ", 2), PACKET_RESULT);
    ck_assert_int_eq(take_bytes(ATTEMPT_OUTPUT, "2]", 2), PACKET_RESULT);
    ck_assert(reader.complete);
    ck_assert_int_eq(take_bytes(ATTEMPT_HEARTBEAT, NULL, 0), PACKET_BAD);
}
END_TEST

/* 100 bytes are the cap. */
START_TEST(a_result_as_long_as_its_cap_is_complete_and_one_byte_more_is_refused)
{
    char text[102] = {0};
    struct attempt_result_head head = {.output_bytes = 101};

    memset(text, '1', 101);
    head.output_crc = crc(text);
    ck_assert_int_eq(take_result(head, text), PACKET_BAD);
    ck_assert(!reader.complete);
    text[100] = '\0';
    head = (struct attempt_result_head){.output_bytes = 100, .output_crc = crc(text)};
    ck_assert_int_eq(take_result(head, text), PACKET_RESULT);
    ck_assert(reader.complete);
    ck_assert_uint_eq(reader.output.len, 100);
}
END_TEST

START_TEST(a_failure_carries_its_words)
{
    struct attempt_result_head head = {.status = -1, .class_bytes = 5, .message_bytes = 4};

    ck_assert_int_eq(take_result(head, "Classtext"), PACKET_RESULT);
    ck_assert(reader.complete);
    ck_assert_str_eq(reader.error_class, "Class");
    ck_assert_str_eq(reader.message, "text");
}
END_TEST

START_TEST(log_and_progress_give_their_parts)
{
    struct attempt_log log = {2, 0};
    struct attempt_progress progress = {3, 4};
    char bytes[64];

    memcpy(bytes, &log, sizeof log);
    memcpy(bytes + sizeof log, "line", 4);
    ck_assert_int_eq(take_bytes(ATTEMPT_LOG, bytes, sizeof log + 4), PACKET_LOG);
    ck_assert_int_eq(part.level, 2);
    ck_assert_int_eq(strncmp(part.text, "line", part.bytes), 0);
    memcpy(bytes, &progress, sizeof progress);
    ck_assert_int_eq(take_bytes(ATTEMPT_PROGRESS, bytes, sizeof progress), PACKET_PROGRESS);
    ck_assert_uint_eq(part.done, 3);
    ck_assert_uint_eq(part.bytes, 0);
}
END_TEST

START_TEST(a_crash_is_told_behind_a_result_too_and_nothing_else_is)
{
    struct attempt_result_head head = {.output_bytes = 2, .output_crc = crc("{}")};
    struct attempt_crash crash = {11, 1, 2, 3};

    ck_assert_int_eq(take_bytes(ATTEMPT_CRASHED, &crash, sizeof crash - 1), PACKET_BAD);
    ck_assert_int_eq(take_result(head, "{}"), PACKET_RESULT);
    ck_assert_int_eq(take_bytes(ATTEMPT_CRASHED, &crash, sizeof crash), PACKET_CRASHED);
    ck_assert_uint_eq(reader.crash.offset, 3);
    ck_assert_int_eq(take_bytes(ATTEMPT_HEARTBEAT, NULL, 0), PACKET_BAD);
}
END_TEST

START_TEST(what_was_lost_of_a_log_is_told_with_a_known_reason)
{
    struct attempt_log_lost lost = {2, 3, LOG_LOST_LONG, 0};

    ck_assert_int_eq(take_bytes(ATTEMPT_LOG_LOST, &lost, sizeof lost), PACKET_LOG_LOST);
    ck_assert_uint_eq(part.lost.lines, 2);
    ck_assert_uint_eq(part.lost.bytes, 3);
    ck_assert_int_eq(take_bytes(ATTEMPT_LOG_LOST, &lost, sizeof lost - 1), PACKET_BAD);
    lost.why = 0;
    ck_assert_int_eq(take_bytes(ATTEMPT_LOG_LOST, &lost, sizeof lost), PACKET_BAD);
    lost.why = LOG_LOST_LONG + 1;
    ck_assert_int_eq(take_bytes(ATTEMPT_LOG_LOST, &lost, sizeof lost), PACKET_BAD);
}
END_TEST

static const struct {
    struct attempt_result_head head;
    const char *tail;
} bad_results[] = {
    {{.output_bytes = 101}, ""},                             /* over the cap */
    {{.output_bytes = 0xFFFFFFFF}, ""},                      /* far over it */
    {{.output_bytes = 2, .output_crc = 1}, "{}"},            /* another checksum */
    {{.output_bytes = 1}, "{}"},                             /* more than announced */
    {{.class_bytes = 3}, "ab"},                              /* less than announced */
    {{.class_bytes = 65}, "ab"},                             /* class over its cap */
    {{.message_bytes = 5000}, "ab"},                         /* message over its cap */
    {{.class_bytes = 2, .message_bytes = 0xFFFFFFFF}, "ab"}, /* the sum wraps */
};

START_TEST(a_result_that_lies_is_refused)
{
    ck_assert_int_eq(take_result(bad_results[_i].head, bad_results[_i].tail), PACKET_BAD);
    ck_assert(!reader.complete);
}
END_TEST

START_TEST(what_is_not_due_or_not_whole_is_refused)
{
    struct attempt_result_head head = {.output_bytes = 4};

    ck_assert_int_eq(take_bytes(ATTEMPT_OUTPUT, "x", 1), PACKET_BAD);
    ck_assert_int_eq(take_bytes(ATTEMPT_HEARTBEAT, "x", 1), PACKET_BAD);
    ck_assert_int_eq(take_bytes(ATTEMPT_READY, "xxxx", 4), PACKET_BAD);
    ck_assert_int_eq(take_bytes(ATTEMPT_LOG, "xxx", 3), PACKET_BAD);
    ck_assert_int_eq(take_bytes(99, NULL, 0), PACKET_BAD);
    ck_assert_int_eq(take_result(head, ""), PACKET_RESULT);
    ck_assert_int_eq(take_result(head, ""), PACKET_BAD);
    ck_assert_int_eq(take_bytes(ATTEMPT_OUTPUT, NULL, 0), PACKET_BAD);
    packet.head.bytes = 5;
    ck_assert_int_eq(attempt_reader_take(&reader, &packet, sizeof packet.head + 4, &part),
                     PACKET_BAD);
    ck_assert_int_eq(attempt_reader_take(&reader, &packet, 3, &part), PACKET_BAD);
}
END_TEST

static enum spare_packet spare_says(uint32_t type, const char *bytes, size_t len,
                                    struct spare_part *ret)
{
    packet.head = (struct attempt_head){type, (uint32_t)len};
    memcpy(packet.bytes, bytes, len);
    return attempt_spare_read(&packet, sizeof packet.head + len, ret);
}

START_TEST(a_spare_says_little_and_whole_packets_only)
{
    static char text[ERR_MSG_BYTES + 1];
    struct spare_part got;

    ck_assert_int_eq(spare_says(ATTEMPT_READY, "\1\0\0\2", 4, &got), SPARE_READY);
    ck_assert_uint_eq(got.layers, 0x02000001);
    ck_assert_int_eq(spare_says(ATTEMPT_ABOUT, "part", 4, &got), SPARE_ABOUT);
    ck_assert_uint_eq(got.len, 4);
    ck_assert_int_eq(memcmp(got.bytes, "part", 4), 0);
    ck_assert_int_eq(spare_says(ATTEMPT_ABOUT_END, "", 0, &got), SPARE_ABOUT_END);
    ck_assert_int_eq(spare_says(ATTEMPT_LOAD_FAILED, text, ERR_MSG_BYTES, &got), SPARE_LOAD_FAILED);
    ck_assert_int_eq(spare_says(ATTEMPT_LOAD_FAILED, text, sizeof text, &got), SPARE_BAD);
    ck_assert_int_eq(spare_says(ATTEMPT_READY, "123", 3, &got), SPARE_BAD);
    ck_assert_int_eq(spare_says(ATTEMPT_READY, "12345", 5, &got), SPARE_BAD);
    ck_assert_int_eq(spare_says(ATTEMPT_ABOUT, "", 0, &got), SPARE_BAD);
    ck_assert_int_eq(spare_says(ATTEMPT_HEARTBEAT, "", 0, &got), SPARE_BAD);
    ck_assert_int_eq(spare_says(99, "", 0, &got), SPARE_BAD);
    spare_says(ATTEMPT_READY, "1234", 4, &got);
    ck_assert_int_eq(attempt_spare_read(&packet, sizeof packet.head + 3, &got), SPARE_BAD);
    ck_assert_int_eq(attempt_spare_read(&packet, 3, &got), SPARE_BAD);
}
END_TEST

START_TEST(the_input_comes_out_as_it_went_in)
{
    struct attempt_input in = {.agent = {"a", 1},
                               .run_id = {"r", 1},
                               .node = {"n", 1},
                               .idempotency_key = {"", 0},
                               .config = {"{}", 2},
                               .input = {"{\"x\":1}", 7},
                               .title = {"pool: ml 0", 10},
                               .attempt = 3,
                               .deadline_ns = 4,
                               .logical_time_us = 5,
                               .output_bytes_max = 6,
                               .log_bytes_max = 7,
                               .seed = {8, [31] = 9}};
    struct attempt_input out;
    auto_done(buf) b = {0};
    struct err e;

    attempt_input_pack(&in, &b);
    ck_assert_msg(attempt_input_unpack(b.data, b.len, &out, &e), "%s", e.msg);
    ck_assert_uint_eq(out.attempt, 3);
    ck_assert_uint_eq(out.log_bytes_max, 7);
    ck_assert_int_eq(memcmp(out.seed, in.seed, sizeof in.seed), 0);
    ck_assert_uint_eq(out.input.bytes, 7);
    ck_assert_int_eq(memcmp(out.input.text, in.input.text, 7), 0);
    ck_assert_uint_eq(out.title.bytes, 10);
    ck_assert_int_eq(memcmp(out.title.text, "pool: ml 0", 10), 0);
    ck_assert(!attempt_input_unpack(b.data, b.len - 1, &out, &e));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("attempt_reader");
    TCase *tests = tcase_create("attempt_reader");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, fresh, done);
    tcase_add_test(tests, the_checksum_is_the_usual_one);
    tcase_add_test(tests, a_result_in_one_packet_is_complete);
    tcase_add_test(tests, a_result_in_pieces_is_complete_with_the_last);
    tcase_add_test(tests, a_result_as_long_as_its_cap_is_complete_and_one_byte_more_is_refused);
    tcase_add_test(tests, a_failure_carries_its_words);
    tcase_add_test(tests, log_and_progress_give_their_parts);
    tcase_add_test(tests, a_crash_is_told_behind_a_result_too_and_nothing_else_is);
    tcase_add_test(tests, what_was_lost_of_a_log_is_told_with_a_known_reason);
    tcase_add_loop_test(tests, a_result_that_lies_is_refused, 0,
                        (int)(sizeof bad_results / sizeof bad_results[0]));
    tcase_add_test(tests, what_is_not_due_or_not_whole_is_refused);
    tcase_add_test(tests, a_spare_says_little_and_whole_packets_only);
    tcase_add_test(tests, the_input_comes_out_as_it_went_in);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
