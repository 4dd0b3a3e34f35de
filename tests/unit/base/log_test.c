/* log_test.c -- who reads the log may be slow or gone: it stops nobody, and what is lost is
 * counted. Standard error is another's while a line is written. */
#include "suites.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 2000 };

static int kept = -1;

static void onto(int fd)
{
    kept = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
    log_setup("test", LOG_INFO, true);
}

static void back(void)
{
    ck_assert_int_ge(dup2(kept, STDERR_FILENO), 0);
    close(kept);
}

static void log_many(int from, int count)
{
    for (int i = from; i < from + count; i++)
        log_event(LOG_INFO, "line", F_INT("n", i),
                  F_STR("text", "some hundred bytes or so, as lines are"));
}

/* What is there now. */
static char *read_all(int fd)
{
    struct buf b = {0};
    char piece[4096];
    ssize_t n;

    ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    while ((n = read(fd, piece, sizeof piece)) > 0)
        buf_add(&b, piece, (size_t)n);
    buf_addc(&b, '\0');
    return (char *)b.data;
}

static int lines_of(const char *text, const char *event)
{
    auto_mem char *word = mem_printf("\"event\":\"%s\"", event);
    int count = 0;

    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        count++;
    return count;
}

static long lost_by(const char *text)
{
    const char *mark = strstr(text, "\"event\":\"log.lost\",\"lines\":");

    return mark != NULL ? atol(mark + strlen("\"event\":\"log.lost\",\"lines\":")) : 0;
}

/* Every line is read, or is in the count that the reader finds. */
static void expect_all_accounted(int write_end, int read_end, bool own)
{
    auto_mem char *first = NULL, *second = NULL;
    int64_t began = clock_mono_ns();

    onto(write_end);
    if (own)
        log_own_output();
    log_many(0, MANY);
    first = read_all(read_end);
    log_many(MANY, 2);
    second = read_all(read_end);
    back();
    ck_assert_int_lt((clock_mono_ns() - began) / 1000000, 30000);
    ck_assert_int_lt(lines_of(first, "line"), MANY);
    ck_assert_int_eq(lines_of(second, "log.lost"), 1);
    ck_assert_int_eq(lines_of(second, "line"), 2);
    ck_assert_int_eq(lines_of(first, "line") + lost_by(second), MANY);
}

START_TEST(a_reader_of_a_pipe_that_stalls_stops_nobody_and_finds_a_count)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    expect_all_accounted(ends[1], ends[0], _i != 0);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_reader_of_a_socket_that_stalls_stops_nobody_and_finds_a_count)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    expect_all_accounted(ends[1], ends[0], _i != 0);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_line_that_was_cut_spoils_no_other)
{
    auto_mem char *text = NULL, *first = NULL;
    auto_mem char *longer = mem_alloc(9000);
    const char *after;
    int ends[2];

    memset(longer, 'x', 8999);
    longer[8999] = '\0';
    ck_assert_int_eq(pipe(ends), 0);
    onto(ends[1]);
    for (int i = 0; i < 20; i++)
        log_event(LOG_INFO, "long", F_STR("text", longer));
    first = read_all(ends[0]);
    log_many(0, 1);
    text = read_all(ends[0]);
    back();
    ck_assert_int_ge(lines_of(first, "long"), 6);
    ck_assert_int_eq(text[0], '\n');
    after = text + 1;
    ck_assert_int_eq(strncmp(after, "{\"timestamp\"", 12), 0);
    ck_assert_int_eq(lines_of(text, "log.lost"), 1);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

#define S_NS 1000000000LL

START_TEST(a_flood_of_a_line_is_one_a_second_and_each_that_is_left_out_is_counted)
{
    struct log_limit l = {0};
    uint64_t told = 0, counted = 0, left_out;

    for (int64_t ms = 0; ms < 100 * 1000; ms++) {
        if (!log_limit_allows(&l, 5 * S_NS + ms * 1000000, &left_out))
            continue;
        told++;
        counted += left_out;
    }
    ck_assert_uint_eq(told, LOG_LIMIT_BURST + 99);
    ck_assert_uint_eq(told + counted + l.left_out, 100 * 1000);
    left_out = l.left_out;
    ck_assert_uint_gt(left_out, 0);
    ck_assert_uint_eq(log_limit_owed(&l, 106 * S_NS), left_out);
}
END_TEST

START_TEST(what_is_owed_is_told_once_when_a_line_is_due)
{
    struct log_limit l = {0};
    uint64_t left_out;

    for (int i = 0; i < LOG_LIMIT_BURST + 3; i++)
        log_limit_allows(&l, S_NS, &left_out);
    ck_assert_uint_eq(log_limit_owed(&l, S_NS + S_NS / 2), 0);
    ck_assert_uint_eq(log_limit_owed(&l, 2 * S_NS), 3);
    ck_assert_uint_eq(log_limit_owed(&l, 9 * S_NS), 0);
    ck_assert(log_limit_allows(&l, 9 * S_NS, &left_out));
    ck_assert_uint_eq(left_out, 0);
    ck_assert(log_limit_allows(&l, 8 * S_NS, &left_out)); /* a clock that goes back gives nothing */
}
END_TEST

TCase *log_cases(void)
{
    TCase *tc = tcase_create("log");

    tcase_add_loop_test(tc, a_reader_of_a_pipe_that_stalls_stops_nobody_and_finds_a_count, 0, 2);
    tcase_add_loop_test(tc, a_reader_of_a_socket_that_stalls_stops_nobody_and_finds_a_count, 0, 2);
    tcase_add_test(tc, a_line_that_was_cut_spoils_no_other);
    tcase_add_test(tc, a_flood_of_a_line_is_one_a_second_and_each_that_is_left_out_is_counted);
    tcase_add_test(tc, what_is_owed_is_told_once_when_a_line_is_due);
    return tc;
}
