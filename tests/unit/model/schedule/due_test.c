/* due_test.c -- when a rule is due: around a change of the clocks, by elapsed time, once. */
#include "suites.h"

#include "base/clock.h"
#include "model/schedule/due.h"

#include <string.h>

static struct zone *berlin;

static void setup(void)
{
    struct err e = {0};

    ck_assert_msg(zone_load("Europe/Berlin", &berlin, &e), "%s", e.msg);
}

static void teardown(void)
{
    zone_free(berlin);
}

static int64_t us(const char *text)
{
    int64_t at;

    ck_assert(clock_parse(text, &at));
    return at;
}

static struct due_rule cron_rule(const char *text, enum due_dst dst)
{
    struct due_rule r = {.kind = DUE_CRON, .dst = dst, .zone = berlin};
    struct err e = {0};

    ck_assert_msg(cron_parse(text, strlen(text), &r.cron, &e), "%s", e.msg);
    return r;
}

/* lines: "UTC local note", each, ending with NULL. */
static void due_are(const struct due_rule *rule, const char *after, const char *const *lines)
{
    int64_t at = us(after);

    for (; *lines != NULL; lines++) {
        struct due d;
        char utc[DUE_TEXT_BYTES], local[DUE_TEXT_BYTES], got[120];

        ck_assert_msg(due_next(rule, at, &d), "no time behind %s; wanted %s", after, *lines);
        due_utc_text(&d, utc);
        due_local_text(&d, local);
        snprintf(got, sizeof got, "%s %s %s", utc, local,
                 due_note_text(d.note) != NULL ? due_note_text(d.note) : "-");
        ck_assert_str_eq(got, *lines);
        at = d.utc_us;
    }
}

START_TEST(a_jump_forward)
{
    struct due_rule shift = cron_rule("*/30 2 * * *", DUE_SHIFT);
    struct due_rule skip = cron_rule("*/30 2 * * *", DUE_SKIP);
    struct due_rule both = cron_rule("30 2,3 * * *", DUE_SHIFT);
    struct due_rule there = cron_rule("0,30 2,3 * * *", DUE_SHIFT);

    due_are(&shift, "2026-03-28T01:00:00Z",
            (const char *const[]){"2026-03-28T01:30:00Z 2026-03-28T02:30:00+01:00 -",
                                  "2026-03-29T01:00:00Z 2026-03-29T03:00:00+02:00 shifted",
                                  "2026-03-30T00:00:00Z 2026-03-30T02:00:00+02:00 -", NULL});
    due_are(&skip, "2026-03-28T01:00:00Z",
            (const char *const[]){"2026-03-28T01:30:00Z 2026-03-28T02:30:00+01:00 -",
                                  "2026-03-30T00:00:00Z 2026-03-30T02:00:00+02:00 -", NULL});
    due_are(&both, "2026-03-28T12:00:00Z",
            (const char *const[]){"2026-03-29T01:00:00Z 2026-03-29T03:00:00+02:00 shifted",
                                  "2026-03-29T01:30:00Z 2026-03-29T03:30:00+02:00 -", NULL});
    due_are(&there, "2026-03-28T12:00:00Z",
            (const char *const[]){"2026-03-29T01:00:00Z 2026-03-29T03:00:00+02:00 -",
                                  "2026-03-29T01:30:00Z 2026-03-29T03:30:00+02:00 -", NULL});
}
END_TEST

START_TEST(an_hour_that_comes_twice)
{
    struct due_rule twice = cron_rule("30 2 * * *", DUE_TWICE);
    struct due_rule skip = cron_rule("30 2 * * *", DUE_SKIP);
    struct due_rule hourly = cron_rule("0 * * * *", DUE_SKIP);

    due_are(&twice, "2026-10-24T12:00:00Z",
            (const char *const[]){"2026-10-25T00:30:00Z 2026-10-25T02:30:00+02:00 first",
                                  "2026-10-25T01:30:00Z 2026-10-25T02:30:00+01:00 second",
                                  "2026-10-26T01:30:00Z 2026-10-26T02:30:00+01:00 -", NULL});
    due_are(&skip, "2026-10-24T12:00:00Z",
            (const char *const[]){"2026-10-25T00:30:00Z 2026-10-25T02:30:00+02:00 first",
                                  "2026-10-26T01:30:00Z 2026-10-26T02:30:00+01:00 -", NULL});
    due_are(&hourly, "2026-10-24T23:30:00Z",
            (const char *const[]){"2026-10-25T00:00:00Z 2026-10-25T02:00:00+02:00 first",
                                  "2026-10-25T01:00:00Z 2026-10-25T02:00:00+01:00 second",
                                  "2026-10-25T02:00:00Z 2026-10-25T03:00:00+01:00 -", NULL});
    /* Asked in the middle of it. */
    due_are(&skip, "2026-10-25T00:30:00Z",
            (const char *const[]){"2026-10-26T01:30:00Z 2026-10-26T02:30:00+01:00 -", NULL});
    due_are(&twice, "2026-10-25T01:00:00Z",
            (const char *const[]){"2026-10-25T01:30:00Z 2026-10-25T02:30:00+01:00 second", NULL});
}
END_TEST

START_TEST(parts_of_a_second_count)
{
    struct due_rule r = cron_rule("* * * * *", DUE_SHIFT);

    due_are(&r, "2026-01-01T00:00:59.999999Z",
            (const char *const[]){"2026-01-01T00:01:00Z 2026-01-01T01:01:00+01:00 -",
                                  "2026-01-01T00:02:00Z 2026-01-01T01:02:00+01:00 -", NULL});
    due_are(&r, "1969-12-31T23:58:59.5Z",
            (const char *const[]){"1969-12-31T23:59:00Z 1970-01-01T00:59:00+01:00 -",
                                  "1970-01-01T00:00:00Z 1970-01-01T01:00:00+01:00 -", NULL});
}
END_TEST

START_TEST(nothing_is_due_behind_the_year_9999)
{
    struct due_rule r = cron_rule("0 0 1 1 *", DUE_SHIFT);
    struct due d;

    ck_assert(due_next(&r, us("9998-06-01T00:00:00Z"), &d));
    ck_assert(!due_next(&r, us("9999-06-01T00:00:00Z"), &d));
    r = (struct due_rule){.kind = DUE_EVERY, .zone = berlin, .every_us = 86400LL * 1000000};
    ck_assert(!due_next(&r, us("9999-12-30T00:00:00Z"), &d));
}
END_TEST

START_TEST(every_is_elapsed_time_from_its_anchor)
{
    struct due_rule r = {.kind = DUE_EVERY,
                         .zone = berlin,
                         .anchor_us = us("2026-03-28T12:00:00.25Z")};
    struct err e = {0};

    ck_assert_msg(due_every_parse("1d", &r.every_us, &e), "%s", e.msg);
    due_are(&r, "2026-03-28T11:00:00Z",
            (const char *const[]){"2026-03-28T12:00:00.250000Z 2026-03-28T13:00:00.250000+01:00 -",
                                  "2026-03-29T12:00:00.250000Z 2026-03-29T14:00:00.250000+02:00 -",
                                  "2026-03-30T12:00:00.250000Z 2026-03-30T14:00:00.250000+02:00 -",
                                  NULL});
}
END_TEST

START_TEST(texts_of_every)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"1s", 1}, {"90m", 5400}, {"1d2h3m4s", 93784}, {"24h", 86400}, {"3660d", 3660LL * 86400}};
    static const char *const refused[] = {"",     "0s",    "-5m",   "abc",
                                          "5",    "500ms", "1d1d",  "1h1d",
                                          "1.5h", "s",     "3661d", "9999999999s",
                                          " 1s",  "1s ",   "1 h",   "99999999999999999999s"};
    struct err e = {0};
    int64_t got;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert_msg(due_every_parse(rows[i].text, &got, &e), "%s", e.msg);
        ck_assert_int_eq(got, rows[i].seconds * 1000000);
    }
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        ck_assert_msg(!due_every_parse(refused[i], &got, &e), "took '%s'", refused[i]);
}
END_TEST

START_TEST(at_has_an_offset_or_is_local)
{
    static const char *const refused[] = {
        "tomorrow",   "2026-02-30T00:00:00Z",      "2026-13-01T00:00:00",
        "2026-05-01", "2026-05-01T10:00:00+25:00", ""};
    struct err e = {0};
    int64_t got;

    ck_assert(due_at_parse("2026-05-01T10:00:00+02:00", berlin, DUE_SKIP, &got, &e));
    ck_assert_int_eq(got, us("2026-05-01T08:00:00Z"));
    ck_assert(due_at_parse("2026-05-01T10:00:00.5", berlin, DUE_SKIP, &got, &e));
    ck_assert_int_eq(got, us("2026-05-01T08:00:00.5Z"));
    ck_assert(due_at_parse("2026-10-25T02:30:00", berlin, DUE_TWICE, &got, &e));
    ck_assert_int_eq(got, us("2026-10-25T00:30:00Z"));
    ck_assert(due_at_parse("2026-03-29T02:30:00", berlin, DUE_SHIFT, &got, &e));
    ck_assert_int_eq(got, us("2026-03-29T01:00:00Z"));
    ck_assert(!due_at_parse("2026-03-29T02:30:00", berlin, DUE_SKIP, &got, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "never"));
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        ck_assert_msg(!due_at_parse(refused[i], berlin, DUE_SHIFT, &got, &e), "took '%s'",
                      refused[i]);
}
END_TEST

START_TEST(at_is_due_once)
{
    struct due_rule r = {.kind = DUE_AT, .zone = berlin, .at_us = us("2026-05-01T08:00:00Z")};
    struct due d;

    due_are(&r, "2026-05-01T07:59:59Z",
            (const char *const[]){"2026-05-01T08:00:00Z 2026-05-01T10:00:00+02:00 -", NULL});
    ck_assert(!due_next(&r, r.at_us, &d));
}
END_TEST

TCase *due_case(void)
{
    TCase *c = tcase_create("due");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, a_jump_forward);
    tcase_add_test(c, an_hour_that_comes_twice);
    tcase_add_test(c, parts_of_a_second_count);
    tcase_add_test(c, nothing_is_due_behind_the_year_9999);
    tcase_add_test(c, every_is_elapsed_time_from_its_anchor);
    tcase_add_test(c, texts_of_every);
    tcase_add_test(c, at_has_an_offset_or_is_local);
    tcase_add_test(c, at_is_due_once);
    return c;
}
