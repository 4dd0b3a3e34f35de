/* cron_test.c -- five fields: what is one, what is refused and why, and the next local time. */
#include "suites.h"

#include "base/clock.h"
#include "model/schedule/cron.h"

#include <string.h>

static struct cron parsed(const char *text)
{
    struct cron c;
    struct err e = {0};

    ck_assert_msg(cron_parse(text, strlen(text), &c, &e), "'%s': %s", text, e.msg);
    return c;
}

static int64_t seconds(const char *text)
{
    int64_t us;

    ck_assert(clock_parse(text, &us));
    return us / 1000000;
}

static void next_is(const char *expression, const char *from, const char *want)
{
    struct cron c = parsed(expression);
    char got[CLOCK_TEXT_BYTES] = "";
    int64_t next;

    ck_assert_msg(cron_next(&c, seconds(from), INT64_MAX, &next), "'%s' has no next", expression);
    clock_text(next * 1000000, got);
    ck_assert_msg(next == seconds(want), "'%s' behind %s: %s", expression, from, got);
}

START_TEST(the_next_minute_of_each_field)
{
    next_is("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    next_is("* * * * *", "2026-01-01T00:00:01Z", "2026-01-01T00:01:00Z");
    next_is("30 6 15 * *", "2026-01-15T06:30:01Z", "2026-02-15T06:30:00Z");
    next_is("59 23 31 12 *", "2026-01-01T00:00:00Z", "2026-12-31T23:59:00Z");
    next_is("0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z");
    next_is("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z");
    next_is("0 0 29 2 */7", "2072-03-01T00:00:00Z", "2088-02-29T00:00:00Z");
    next_is("15 */8 * * *", "2026-01-01T16:15:01Z", "2026-01-02T00:15:00Z");
    next_is("0-30/10 9 * * *", "2026-01-01T09:21:00Z", "2026-01-01T09:30:00Z");
    next_is("5 9-17/4 * * *", "2026-01-01T13:06:00Z", "2026-01-01T17:05:00Z");
}
END_TEST

START_TEST(names_and_macros_in_any_case)
{
    next_is("0 0 * FEB-mar Mon", "2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z");
    next_is("@Weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z");
    next_is(" \t0\t12  * * * ", "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z");
    next_is("@hourly", "2026-01-01T00:00:01Z", "2026-01-01T01:00:00Z");
    next_is("@annually", "2026-01-01T00:00:01Z", "2027-01-01T00:00:00Z");
}
END_TEST

/* crontab(5): one is enough, unless one of the two begins with '*'. */
START_TEST(day_and_weekday)
{
    next_is("0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    next_is("0 0 13 * 5", "2026-01-10T00:00:00Z", "2026-01-13T00:00:00Z");
    next_is("0 0 13 * *", "2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z");
    next_is("0 0 */2 * 1", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z");
    next_is("0 0 1-7 * */7", "2026-01-05T00:00:00Z", "2026-02-01T00:00:00Z");
    next_is("0 0 31 2 1", "2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z");
}
END_TEST

START_TEST(nothing_behind_the_end)
{
    struct cron c = parsed("0 0 1 * *");
    int64_t next;

    ck_assert(
        !cron_next(&c, seconds("2026-01-02T00:00:00Z"), seconds("2026-02-01T00:00:00Z"), &next));
    ck_assert(
        cron_next(&c, seconds("2026-01-02T00:00:00Z"), seconds("2026-02-01T00:00:01Z"), &next));
}
END_TEST

/* Long: a table. */
START_TEST(what_is_refused_names_the_field_and_the_word)
{
    static const struct {
        const char *text, *says[2];
    } rows[] = {
        {"", {"five fields", "this has 0"}},
        {"* * * *", {"five fields", "this has 4"}},
        {"* * * * * *", {"five fields", "this has 6"}},
        {"60 * * * *", {"minute", "'60' is not within 0 and 59"}},
        {"* 24 * * *", {"hour", "'24'"}},
        {"* * 0 * *", {"day", "'0' is not within 1 and 31"}},
        {"* * * 13 *", {"month", "'13'"}},
        {"* * * * 8", {"weekday", "'8' is not within 0 and 7"}},
        {"100 * * * *", {"minute", "'100'"}},
        {"99999999999999999999 * * * *", {"minute", "'99999"}},
        {"5-1 * * * *", {"minute", "'5-1' runs backwards"}},
        {"* * * * fri-mon", {"weekday", "backwards"}},
        {"1-2-3 * * * *", {"minute", "'2-3'"}},
        {"5- * * * *", {"minute", "''"}},
        {"*-5 * * * *", {"minute", "'*'"}},
        {"*/0 * * * *", {"minute", "step"}},
        {"*/60 * * * *", {"minute", "step"}},
        {"*/9999999999 * * * *", {"minute", "step"}},
        {"*/5/2 * * * *", {"minute", "step"}},
        {"5/15 * * * *", {"minute", "without a range"}},
        {"1, * * * *", {"minute", "''"}},
        {"1,,2 * * * *", {"minute", "''"}},
        {"mon * * * *", {"minute", "'mon'"}},
        {"* * * january *", {"month", "'january'"}},
        {"* * * * mon5", {"weekday", "'mon5'"}},
        {"0 0 L * *", {"day", "'L'"}},
        {"0 0 * * 5#2", {"weekday", "'5#2'"}},
        {"0 0 15W * *", {"day", "'15W'"}},
        {"0 0 ? * 1", {"day", "'?'"}},
        {"H * * * *", {"minute", "'H'"}},
        {"+1 * * * *", {"minute", "'+1'"}},
        {"*\xC2\xA0* * * *", {"five fields", "4"}},
        {"\xEF\xBC\x91 * * * *", {"minute", "\xEF\xBC\x91"}},
        {"@reboot", {"@hourly", ""}},
        {"@every 5m", {"@hourly", ""}},
        {"@daily 5", {"@hourly", ""}},
        {"0 0 30 2 *", {"never", "day"}},
        {"0 0 31 4,6,9,11 *", {"never", "day"}},
        {"0 0 31 2 */2", {"never", "day"}},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cron c;
        struct err e = {0};

        ck_assert_msg(!cron_parse(rows[i].text, strlen(rows[i].text), &c, &e), "took '%s'",
                      rows[i].text);
        ck_assert_int_eq(e.code, ERR_INVALID);
        ck_assert_msg(strstr(e.msg, rows[i].says[0]) != NULL &&
                          strstr(e.msg, rows[i].says[1]) != NULL,
                      "'%s': %s", rows[i].text, e.msg);
    }
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
    static char many[CRON_BYTES_MAX + 2];
    struct cron c;
    struct err e = {0};

    ck_assert(!cron_parse("* * * * *\0", 10, &c, &e));
    memset(many, ' ', sizeof many - 1);
    memcpy(many, "* * * * *", 9);
    ck_assert(cron_parse(many, CRON_BYTES_MAX, &c, &e));
    ck_assert(!cron_parse(many, CRON_BYTES_MAX + 1, &c, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "at most"));
}
END_TEST

TCase *cron_case(void)
{
    TCase *c = tcase_create("cron");

    tcase_add_test(c, the_next_minute_of_each_field);
    tcase_add_test(c, names_and_macros_in_any_case);
    tcase_add_test(c, day_and_weekday);
    tcase_add_test(c, nothing_behind_the_end);
    tcase_add_test(c, what_is_refused_names_the_field_and_the_word);
    tcase_add_test(c, bytes_that_are_no_text_are_refused);
    return c;
}
