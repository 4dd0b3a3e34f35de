/* host_test.c -- what a plugin says through the host's table: a secret that lies across a limit is
 * told neither in whole nor in part, in any encoding, in any of the texts. */
#include "base/text.h"
#include "sandbox/worker/worker.h"

#include <assert.h>
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE_BYTES = 4, BEHIND = 200, FAR = 20 * 1024, HOST_END = 30 };

/* No four bytes of it, or of an encoding of it, are in the filling or in "[redacted]". */
static const char secret[] = "Zq7!vK9$wM3#Jx5%";
static struct attempt_input input = {.output_bytes_max = 64, .log_bytes_max = UINT64_MAX};
static struct orch_run *run;

static void fill(struct buf *b, size_t bytes)
{
    while (bytes-- > 0)
        buf_addc(b, '.');
}

static void give_secret(const char *value, size_t bytes)
{
    uint32_t name_bytes = 5, value_bytes = (uint32_t)bytes;
    auto_done(buf) b = {0};
    int ends[2];

    buf_add(&b, &name_bytes, sizeof name_bytes);
    buf_adds(&b, "token");
    buf_add(&b, &value_bytes, sizeof value_bytes);
    buf_add(&b, value, bytes);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], b.data, b.len), (ssize_t)b.len);
    close(ends[1]);
    run_read_secrets(run, ends[0]);
    close(ends[0]);
}

static void begin(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    ck_assert_int_eq(dup2(ends[0], HOST_END), HOST_END);
    ck_assert_int_eq(dup2(ends[1], FD_CHANNEL), FD_CHANNEL);
    run = run_begin(&input);
    give_secret(secret, strlen(secret));
}

/* ---- what the host would hear ---- */

static void hear(enum attempt_message type, size_t head_bytes, struct buf *ret)
{
    struct attempt_packet packet;
    ssize_t n = read(HOST_END, &packet, sizeof packet);

    ck_assert_int_eq(n, (ssize_t)(sizeof packet.head + packet.head.bytes));
    ck_assert_uint_eq(packet.head.type, type);
    buf_add(ret, packet.bytes + head_bytes, packet.head.bytes - head_bytes);
}

/* All of its entries. */
static void tell_log(orch_bytes text, struct buf *ret)
{
    struct pollfd p = {.fd = HOST_END, .events = POLLIN};

    host_table.log(run, ORCH_LOG_INFO, text);
    do {
        hear(ATTEMPT_LOG, sizeof(struct attempt_log), ret);
    } while (poll(&p, 1, 0) == 1);
}

static void tell_progress(orch_bytes text, struct buf *ret)
{
    run = run_begin(&input); /* as the first of its notes: they have a rate */
    host_table.progress(run, 1, 2, text);
    hear(ATTEMPT_PROGRESS, sizeof(struct attempt_progress), ret);
}

static void tell_message(orch_bytes text, struct buf *ret)
{
    host_table.set_error(run, NULL, text);
    run_finish(run, ORCH_E_FATAL, 0);
    hear(ATTEMPT_RESULT, sizeof(struct attempt_result_head), ret);
}

static void tell_class(orch_bytes text, struct buf *ret)
{
    auto_done(buf) b = {0};

    buf_add(&b, text.ptr, text.len);
    host_table.set_error(run, buf_text(&b), (orch_bytes){NULL, 0});
    run_finish(run, ORCH_E_FATAL, 0);
    hear(ATTEMPT_RESULT, sizeof(struct attempt_result_head), ret);
}

/* most: what is told of any text; the log tells all, in entries. */
static const struct way {
    void (*tell)(orch_bytes text, struct buf *ret);
    size_t cut_at, most;
} ways[] = {
    {tell_log, ATTEMPT_LOG_BYTES_MAX - (sizeof ATTEMPT_LOG_GOES_ON - 1), SIZE_MAX},
    {tell_progress, ATTEMPT_NOTE_BYTES_MAX, ATTEMPT_NOTE_BYTES_MAX},
    {tell_message, ATTEMPT_MESSAGE_BYTES_MAX, ATTEMPT_MESSAGE_BYTES_MAX},
    {tell_class, ATTEMPT_CLASS_BYTES_MAX, ATTEMPT_CLASS_BYTES_MAX},
};

/* ---- spellings ---- */

static void as_is(struct buf *b)
{
    buf_adds(b, secret);
}

static void as_hex(struct buf *b)
{
    for (const char *c = secret; *c != '\0'; c++)
        buf_addf(b, "%02x", (unsigned)*c);
}

static void as_percent(struct buf *b)
{
    for (const char *c = secret; *c != '\0'; c++)
        if (strchr("!$#%", *c) != NULL)
            buf_addf(b, "%%%02X", (unsigned)*c);
        else
            buf_addc(b, *c);
}

static void as_escapes(struct buf *b)
{
    for (const char *c = secret; *c != '\0'; c++)
        buf_addf(b, "\\u%04x", (unsigned)*c);
}

static void as_base64_behind(const char *before, bool url, struct buf *b)
{
    auto_done(buf) plain = {0};

    buf_adds(&plain, before);
    buf_adds(&plain, secret);
    text_add_base64(b, plain.data, plain.len, url);
}

static void as_base64(struct buf *b)
{
    as_base64_behind("", false, b);
}

static void as_base64_behind_one(struct buf *b)
{
    as_base64_behind("x", false, b);
}

static void as_base64url_behind_two(struct buf *b)
{
    as_base64_behind("xy", true, b);
}

static void (*const spellings[])(struct buf *b) = {
    as_is, as_hex, as_percent, as_escapes, as_base64, as_base64_behind_one, as_base64url_behind_two,
};

static void expect_no_piece(const struct buf *told, const struct buf *spelt)
{
    for (size_t i = 0; i + PIECE_BYTES <= spelt->len; i++) {
        /* Six bytes of escapes are one of the secret: "\u00" is in each of them. */
        size_t len = spelt->data[0] == '\\' ? (size_t)4 * PIECE_BYTES : PIECE_BYTES;

        len = len < spelt->len - i ? len : spelt->len - i;
        ck_assert_msg(memmem(told->data, told->len, spelt->data + i, len) == NULL,
                      "'%.*s' was told of '%s'", (int)len, spelt->data + i, spelt->data);
    }
}

static void expect_untold(const struct way *way, const struct buf *spelt, size_t before)
{
    auto_done(buf) text = {0};
    auto_done(buf) told = {0};

    fill(&text, before);
    buf_add(&text, spelt->data, spelt->len);
    fill(&text, BEHIND);
    way->tell((orch_bytes){text.data, text.len}, &told);
    ck_assert_uint_ge(told.len, way->cut_at);
    ck_assert_uint_le(told.len, way->most);
    expect_no_piece(&told, spelt);
}

/* ---- the tests ---- */

/* The limit falls on each byte of the secret in turn. */
START_TEST(a_secret_across_the_limit_of_a_text_is_not_told_in_part)
{
    const struct way *way = &ways[_i];

    for (size_t s = 0; s < ARRAY_LEN(spellings); s++) {
        auto_done(buf) spelt = {0};

        spellings[s](&spelt);
        for (size_t cut = 0; cut <= spelt.len && cut <= way->cut_at; cut++)
            expect_untold(way, &spelt, way->cut_at - cut);
    }
}
END_TEST

START_TEST(a_text_of_20_kib_tells_none_of_the_secrets_in_it)
{
    const struct way *way = &ways[_i];

    for (size_t s = 0; s < ARRAY_LEN(spellings); s++) {
        auto_done(buf) spelt = {0};
        auto_done(buf) text = {0};
        auto_done(buf) told = {0};

        spellings[s](&spelt);
        while (text.len < FAR) {
            buf_add(&text, spelt.data, spelt.len);
            fill(&text, 3);
        }
        way->tell((orch_bytes){text.data, text.len}, &told);
        ck_assert_uint_le(told.len, way->most);
        ck_assert_ptr_nonnull(memmem(told.data, told.len, "[redacted]", 10));
        expect_no_piece(&told, &spelt);
    }
}
END_TEST

START_TEST(a_secret_that_is_longer_than_any_text_is_found)
{
    const struct way *way = &ways[_i];
    auto_done(buf) value = {0};
    auto_done(buf) told = {0};

    for (int i = 0; value.len < FAR; i++)
        buf_addf(&value, "(%d)", i);
    give_secret(value.data, value.len);
    way->tell((orch_bytes){value.data, value.len}, &told);
    ck_assert_uint_eq(told.len, strlen("[redacted]"));
    ck_assert_mem_eq(told.data, "[redacted]", told.len);
}
END_TEST

/* What stands for a secret may be longer than it. */
START_TEST(an_output_that_redaction_takes_over_its_limit_is_refused)
{
    static const char most[] = "[\"!!!!!!!\"]";

    give_secret("!", 1);
    ck_assert_int_eq(host_table.emit(run, ORCH_PORT_RESULT, (orch_bytes){most, sizeof most - 1}),
                     ORCH_E_INPUT);
    ck_assert_int_eq(host_table.emit(run, ORCH_PORT_RESULT, (orch_bytes){"[\"!\"]", 5}), ORCH_OK);
}
END_TEST

/* 64 bytes are the limit. */
START_TEST(an_output_one_byte_over_its_limit_is_refused_and_one_at_it_is_taken)
{
    static const char longer[] =
        "[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]";
    static const char most[] = "[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]";

    ck_assert_uint_eq(sizeof longer - 1, input.output_bytes_max + 1);
    ck_assert_int_eq(host_table.emit(run, ORCH_PORT_RESULT,
                                     (orch_bytes){longer, sizeof longer - 1}),
                     ORCH_E_INPUT);
    ck_assert_int_eq(host_table.emit(run, ORCH_PORT_RESULT, (orch_bytes){most, sizeof most - 1}),
                     ORCH_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("host");
    TCase *tests = tcase_create("host");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_loop_test(tests, a_secret_across_the_limit_of_a_text_is_not_told_in_part, 0,
                        (int)ARRAY_LEN(ways));
    tcase_add_loop_test(tests, a_text_of_20_kib_tells_none_of_the_secrets_in_it, 0,
                        (int)ARRAY_LEN(ways));
    tcase_add_loop_test(tests, a_secret_that_is_longer_than_any_text_is_found, 0,
                        (int)ARRAY_LEN(ways));
    tcase_add_test(tests, an_output_that_redaction_takes_over_its_limit_is_refused);
    tcase_add_test(tests, an_output_one_byte_over_its_limit_is_refused_and_one_at_it_is_taken);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
