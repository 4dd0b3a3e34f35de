/* say_test.c -- the log of an attempt on its way to a host that reads late or not: what arrives is
 * in order, and what does not is counted in its place. */
#include "base/mem.h"
#include "sandbox/worker/say.h"
#include "sandbox/worker/worker.h"

#include <check.h>
#include <orch/plugin.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOST_END = 30, HEARD_MAX = 64 * 1024 };

static struct redactor redactor;
static struct say say;

/* What the host heard, in order: a text, or a loss. */
static struct heard {
    char *text;
    struct attempt_log_lost lost;
} heard[HEARD_MAX];
static size_t heard_count, notes;

static void begin(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    ck_assert_int_eq(dup2(ends[0], HOST_END), HOST_END);
    ck_assert_int_eq(dup2(ends[1], FD_CHANNEL), FD_CHANNEL);
    close(ends[0]);
    if (ends[1] != FD_CHANNEL)
        close(ends[1]);
    say_begin(&say, &redactor, 1 << 30);
}

/* Reads what is there; flags 0: until the attempt's end is closed. */
static void hear(int flags)
{
    static struct attempt_packet packet;
    ssize_t n;

    while ((n = recv(HOST_END, &packet, sizeof packet, flags)) > 0) {
        struct heard *h = &heard[heard_count];

        ck_assert_int_eq(n, (ssize_t)(sizeof packet.head + packet.head.bytes));
        if (packet.head.type == ATTEMPT_PROGRESS || packet.head.type == ATTEMPT_HEARTBEAT) {
            notes++;
            continue;
        }
        ck_assert_uint_lt(heard_count++, HEARD_MAX);
        if (packet.head.type == ATTEMPT_LOG_LOST) {
            ck_assert_uint_eq(packet.head.bytes, sizeof h->lost);
            memcpy(&h->lost, packet.bytes, sizeof h->lost);
            continue;
        }
        ck_assert_uint_eq(packet.head.type, ATTEMPT_LOG);
        ck_assert_uint_le(packet.head.bytes, sizeof(struct attempt_log) + ATTEMPT_LOG_BYTES_MAX);
        h->text = mem_strn((const char *)packet.bytes + sizeof(struct attempt_log),
                           packet.head.bytes - sizeof(struct attempt_log));
    }
}

static void *hear_all(void *arg)
{
    (void)arg;
    hear(0);
    return NULL;
}

/* The attempt ends; the host hears the rest. */
static void finish(void)
{
    pthread_t host;

    ck_assert_int_eq(pthread_create(&host, NULL, hear_all, NULL), 0);
    say_finish(&say);
    shutdown(FD_CHANNEL, SHUT_WR);
    ck_assert_int_eq(pthread_join(host, NULL), 0);
}

static void say_line(int n)
{
    char line[32];
    int len = snprintf(line, sizeof line, "line %07d", n);

    say_log(&say, ORCH_LOG_INFO, line, (size_t)len);
}

static void expect_line(size_t at, int n)
{
    char line[32];

    snprintf(line, sizeof line, "line %07d", n);
    ck_assert_uint_lt(at, heard_count);
    ck_assert_ptr_nonnull(heard[at].text);
    ck_assert_str_eq(heard[at].text, line);
}

static void expect_lost(size_t at, enum log_lost why, uint64_t lines, uint64_t bytes)
{
    ck_assert_uint_lt(at, heard_count);
    ck_assert_ptr_null(heard[at].text);
    ck_assert_uint_eq(heard[at].lost.why, why);
    ck_assert_uint_eq(heard[at].lost.lines, lines);
    ck_assert_uint_eq(heard[at].lost.bytes, bytes);
}

START_TEST(a_burst_that_nobody_reads_waits_and_none_of_it_is_lost)
{
    for (int i = 0; i < 5000; i++)
        say_line(i);
    finish();
    ck_assert_uint_eq(heard_count, 5000);
    for (int i = 0; i < 5000; i++)
        expect_line((size_t)i, i);
}
END_TEST

START_TEST(what_finds_no_room_is_counted_in_its_place)
{
    const int all = 40000;
    int told = 0;

    for (int i = 0; i < all; i++)
        say_line(i);
    hear(MSG_DONTWAIT); /* a little: now there is room */
    say_line(all);
    finish();
    while (heard[told].text != NULL)
        told++;
    ck_assert_int_gt(told, 5000);
    ck_assert_int_lt(told, all);
    for (int i = 0; i < told; i++)
        expect_line((size_t)i, i);
    expect_lost((size_t)told, LOG_LOST_ROOM, (uint64_t)(all - told), (uint64_t)(all - told) * 12);
    expect_line((size_t)told + 1, all);
    ck_assert_uint_eq(heard_count, (size_t)told + 2);
}
END_TEST

START_TEST(what_is_lost_last_is_told_at_the_end)
{
    for (int i = 0; i < 40000; i++)
        say_line(i);
    finish();
    ck_assert_ptr_null(heard[heard_count - 1].text);
    expect_lost(heard_count - 1, LOG_LOST_ROOM, 40001 - heard_count, (40001 - heard_count) * 12);
}
END_TEST

START_TEST(a_budget_ends_at_its_byte_and_its_end_says_how_much_came_after)
{
    say_begin(&say, &redactor, 30);
    for (int i = 0; i < 5; i++)
        say_line(i);
    say_log(&say, ORCH_LOG_INFO, "", 0);
    finish();
    expect_line(0, 0);
    expect_line(1, 1);
    ck_assert_str_eq(heard[2].text, "line 0");
    expect_lost(3, LOG_LOST_LIMIT, 0, 0);
    expect_lost(4, LOG_LOST_LIMIT, 4, 6 + 12 + 12 + 0);
    ck_assert_uint_eq(heard_count, 5);
}
END_TEST

START_TEST(an_entry_of_nothing_takes_of_the_budget_too)
{
    say_begin(&say, &redactor, (uint64_t)10 * ATTEMPT_LOG_BYTES_MIN);
    for (int i = 0; i < 12; i++)
        say_log(&say, ORCH_LOG_INFO, "", 0);
    finish();
    ck_assert_uint_eq(heard_count, 12);
    expect_lost(10, LOG_LOST_LIMIT, 0, 0);
    expect_lost(11, LOG_LOST_LIMIT, 2, 0);
}
END_TEST

/* Characters of two bytes, so that every other place is inside of one. */
static void fill(struct buf *b, size_t characters)
{
    while (characters-- > 0)
        buf_adds(b, "\xc3\xa9");
}

START_TEST(a_long_text_is_told_whole_in_entries_that_say_so)
{
    size_t before = (size_t)_i; /* it begins at any place of a character */
    auto_done(buf) text = {0};
    auto_done(buf) told = {0};
    size_t tail = strlen(ATTEMPT_LOG_GOES_ON);

    buf_adds(&text, &"xyz"[3 - before]);
    fill(&text, 20000);
    say_log(&say, ORCH_LOG_INFO, text.data, text.len);
    finish();
    ck_assert_uint_eq(heard_count, 3);
    for (size_t i = 0; i < heard_count; i++) {
        size_t len = strlen(heard[i].text);

        if (i + 1 < heard_count) {
            ck_assert_str_eq(heard[i].text + len - tail, ATTEMPT_LOG_GOES_ON);
            len -= tail;
        }
        buf_add(&told, heard[i].text, len);
    }
    ck_assert_str_eq(buf_text(&told), buf_text(&text));
}
END_TEST

START_TEST(the_rest_of_a_text_that_is_too_long_is_counted)
{
    auto_done(buf) text = {0};

    fill(&text, ATTEMPT_TEXT_BYTES_MAX / 2 + 500);
    say_log(&say, ORCH_LOG_INFO, text.data, text.len);
    say_line(7);
    finish();
    expect_lost(heard_count - 2, LOG_LOST_LONG, 1, 1000);
    expect_line(heard_count - 1, 7);
}
END_TEST

START_TEST(signs_of_life_in_an_inner_loop_are_no_flood_and_the_last_note_is_told)
{
    struct attempt_progress progress = {0, 100000};

    for (; progress.done < progress.total; progress.done++) {
        say_heartbeat(&say);
        say_progress(&say, &progress, "note", 4);
        hear(MSG_DONTWAIT);
    }
    finish();
    ck_assert_uint_lt(notes, 20000);
    ck_assert(!say.note_waits);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("say");
    TCase *tests = tcase_create("say");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, a_burst_that_nobody_reads_waits_and_none_of_it_is_lost);
    tcase_add_test(tests, what_finds_no_room_is_counted_in_its_place);
    tcase_add_test(tests, what_is_lost_last_is_told_at_the_end);
    tcase_add_test(tests, a_budget_ends_at_its_byte_and_its_end_says_how_much_came_after);
    tcase_add_test(tests, an_entry_of_nothing_takes_of_the_budget_too);
    tcase_add_loop_test(tests, a_long_text_is_told_whole_in_entries_that_say_so, 0, 4);
    tcase_add_test(tests, the_rest_of_a_text_that_is_too_long_is_counted);
    tcase_add_test(tests, signs_of_life_in_an_inner_loop_are_no_flood_and_the_last_note_is_told);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
