/* bulletin_test.c -- what hosts tell each other: its grammar, and a set of it. */
#include "fixture.h"

#include "base/mem.h"
#include "store/postgres/bulletin.h"

#include <stdio.h>
#include <string.h>

/* ---- the grammar ---- */

static void add_text(void *arg, const struct store_news *news)
{
    ck_assert(bulletin_add(arg, news));
}

char *bulletin_again_owned(const char *payload)
{
    struct news_set set = {0};
    auto_done(buf) text = {0};
    struct err e = {0};

    ck_assert_msg(bulletin_read(payload, &set, &e), "%s", e.msg);
    news_deliver(&set, add_text, &text);
    return mem_str(buf_text(&text));
}

START_TEST(what_was_told_is_read_as_it_was)
{
    static const char all[] = "events 1 a\nevents 1099511627775 b.c-d_E\nfree\norders\nknown dags\n"
                              "known plugins t\nknown tokens\nknown tenants t\nwanted t";
    auto_mem char *again = bulletin_again_owned(all), *missed = bulletin_again_owned("missed");

    ck_assert_str_eq(again, all);
    ck_assert_str_eq(missed, "missed");
}
END_TEST

START_TEST(what_is_no_bulletin_is_refused)
{
    static const char *const bad[] = {
        "",
        "event 1 a",
        "events",
        "wanted",
        "wanted a b",
        "events 1",
        "events 1 ",
        "events a 1",
        "events 0 a",
        "events 01 a",
        "events -1 a",
        "events +1 a",
        "events 1099511627776 a",
        "events 99999999999999999999999999 a",
        "events 1 a b",
        "events 1 a\n",
        "\nfree",
        "free\n\nfree",
        "free ",
        "free 1",
        "FREE",
        "orders t",
        "known",
        "known ",
        "known dag",
        "known dags ",
        "known dags ../t",
        "known 1",
        "missed 1",
        " missed",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct news_set set = {0};
        struct err e = {0};

        ck_assert_msg(!bulletin_read(bad[i], &set, &e), "'%s'", bad[i]);
        ck_assert_int_eq(e.code, ERR_INVALID);
        news_set_done(&set);
    }
}
END_TEST

START_TEST(a_payload_takes_no_more_than_the_server_does)
{
    auto_done(buf) text = {0};
    char tenant[64];
    int lines = 0;

    do
        snprintf(tenant, sizeof tenant, "tenant-%d", lines);
    while (bulletin_add(&text, &(struct store_news){STORE_NEWS_EVENTS, tenant, STORE_SEQ_MAX}) &&
           ++lines < 1000);
    ck_assert_int_lt(lines, 1000);
    ck_assert_uint_le(text.len, BULLETIN_BYTES_MAX);
    ck_assert_uint_gt(text.len, BULLETIN_BYTES_MAX - 64);
}
END_TEST

/* ---- the set ---- */

START_TEST(a_set_has_each_once_and_the_highest_number)
{
    auto_mem char *text =
        bulletin_again_owned("events 3 a\nfree\nevents 9 a\nevents 2 a\nfree\nevents 1 b");

    ck_assert_str_eq(text, "events 9 a\nfree\nevents 1 b");
}
END_TEST

START_TEST(too_much_news_is_told_as_missed)
{
    struct news_set set = {0};
    auto_done(buf) text = {0};
    char tenant[16];

    for (int i = 0; i <= NEWS_MAX; i++) {
        snprintf(tenant, sizeof tenant, "t%d", i);
        news_add(&set, &(struct store_news){STORE_NEWS_EVENTS, tenant, 1});
    }
    news_add(&set, &(struct store_news){.kind = STORE_NEWS_FREE});
    news_deliver(&set, add_text, &text);
    ck_assert_str_eq(buf_text(&text), "missed");
}
END_TEST

TCase *bulletin_cases(void)
{
    TCase *tc = tcase_create("bulletin");

    tcase_add_test(tc, what_was_told_is_read_as_it_was);
    tcase_add_test(tc, what_is_no_bulletin_is_refused);
    tcase_add_test(tc, a_payload_takes_no_more_than_the_server_does);
    tcase_add_test(tc, a_set_has_each_once_and_the_highest_number);
    tcase_add_test(tc, too_much_news_is_told_as_missed);
    return tc;
}
