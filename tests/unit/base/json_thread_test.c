/* json_thread_test.c -- texts read beside the loop: who is told what, when, and at the end. */
#include "suites.h"

#include "base/json_thread.h"
#include "base/limits.h"
#include "base/mem.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { TEXTS = 12 };

static const struct json_limits limits = {NODE_OUTPUT_BYTES_MAX, JSON_DEPTH_MAX,
                                          NODE_OUTPUT_VALUES_MAX};
static struct json_thread *thread;
static struct {
    int order[TEXTS]; /* of the texts, as they were told */
    int count;
    json_t *value; /* of the last */
    struct err err;
    struct buf canonical, compact;
} told;

static int numbers[TEXTS];

static void setup(void)
{
    struct err e;

    memset(&told, 0, sizeof told);
    for (int i = 0; i < TEXTS; i++)
        numbers[i] = i;
    ck_assert_msg(json_thread_start(&thread, &e), "%s", e.msg);
}

static void teardown(void)
{
    json_thread_free(thread);
    json_decref(told.value);
    buf_done(&told.canonical);
    buf_done(&told.compact);
}

static void on_done(void *arg, struct json_read *read)
{
    told.order[told.count++] = *(int *)arg;
    json_decref(told.value);
    told.value = take(read->value);
    told.err = read->err;
    buf_done(&told.canonical);
    told.canonical = read->canonical;
    read->canonical = (struct buf){0};
    buf_done(&told.compact);
    told.compact = read->compact;
    read->compact = (struct buf){0};
}

static void give(int number, const char *text, bool texts)
{
    json_thread_read(thread, &(struct json_order){text, strlen(text), limits, texts, on_done,
                                                  &numbers[number]});
}

static bool comes(void)
{
    struct pollfd ready = {.fd = json_thread_fd(thread), .events = POLLIN};

    return poll(&ready, 1, 60000) == 1;
}

/* A JSON text of at least so many bytes. */
static char *text_of(size_t bytes, const char *last)
{
    struct buf text = {0};

    buf_addc(&text, '[');
    while (text.len < bytes)
        buf_adds(&text, "1, ");
    buf_adds(&text, last);
    return buf_take(&text);
}

START_TEST(a_short_text_is_told_at_once)
{
    give(3, "{\"b\": 1.0, \"a\": [ ]}", true);
    ck_assert_int_eq(told.count, 1);
    ck_assert_int_eq(told.order[0], 3);
    ck_assert(json_is_object(told.value));
    ck_assert_str_eq(buf_text(&told.canonical), "{\"a\":[],\"b\":1}");
    ck_assert_str_eq(buf_text(&told.compact), "{\"b\":1.0,\"a\":[]}");
    give(4, "{", false);
    ck_assert_int_eq(told.count, 2);
    ck_assert_ptr_null(told.value);
    ck_assert_int_eq(told.err.code, ERR_INVALID);
    ck_assert_uint_eq(told.canonical.len, 0);
}
END_TEST

START_TEST(long_texts_are_told_in_a_turn_in_the_order_they_were_given)
{
    auto_mem char *good = text_of(JSON_AT_ONCE_BYTES_MAX + 1, "1]");
    auto_mem char *bad = text_of(JSON_AT_ONCE_BYTES_MAX + 1, "1}");

    for (int i = 0; i < TEXTS; i++) /* more than are read ahead */
        give(i, i % 2 == 0 ? good : bad, false);
    ck_assert_int_eq(told.count, 0);
    while (told.count < TEXTS) {
        ck_assert(comes());
        json_thread_turn(thread);
    }
    for (int i = 0; i < TEXTS; i++)
        ck_assert_int_eq(told.order[i], i);
    ck_assert_ptr_null(told.value); /* the last was bad */
    ck_assert_int_eq(told.err.code, ERR_INVALID);
}
END_TEST

START_TEST(too_many_values_are_refused_by_their_number)
{
    auto_mem char *text = text_of(3 * NODE_OUTPUT_VALUES_MAX, "1]");

    give(0, text, true);
    ck_assert(comes());
    json_thread_turn(thread);
    ck_assert_int_eq(told.err.code, ERR_TOO_LARGE);
    ck_assert_ptr_nonnull(strstr(told.err.msg, "more than 100000 values"));
}
END_TEST

START_TEST(what_was_not_told_at_the_end_is_dropped)
{
    auto_mem char *text = text_of(1 << 16, "1]");

    for (int i = 0; i < TEXTS; i++)
        give(i, text, true);
    ck_assert(comes()); /* some are read, some are not */
    json_thread_free(take(thread));
    ck_assert_int_eq(told.count, 0);
}
END_TEST

static void gives_again(void *arg, struct json_read *read)
{
    on_done(arg, read);
    give(2, "[2]", false);
}

START_TEST(who_is_told_may_give_another)
{
    auto_mem char *text = text_of(JSON_AT_ONCE_BYTES_MAX + 1, "1]");

    json_thread_read(thread, &(struct json_order){text, strlen(text), limits, false, gives_again,
                                                  &numbers[1]});
    ck_assert(comes());
    json_thread_turn(thread);
    ck_assert_int_eq(told.count, 2);
    ck_assert_int_eq(told.order[1], 2);
}
END_TEST

TCase *json_thread_cases(void)
{
    TCase *tc = tcase_create("json_thread");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_short_text_is_told_at_once);
    tcase_add_test(tc, long_texts_are_told_in_a_turn_in_the_order_they_were_given);
    tcase_add_test(tc, too_many_values_are_refused_by_their_number);
    tcase_add_test(tc, what_was_not_told_at_the_end_is_dropped);
    tcase_add_test(tc, who_is_told_may_give_another);
    return tc;
}
