/* zone_test.c -- the tz database's files: offsets, changes, what is refused. Whole zones are
 * compared with Python's in zones_test.py. */
#include "suites.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "model/schedule/zone.h"

#include <string.h>

static int64_t seconds(const char *text)
{
    int64_t us;

    ck_assert(clock_parse(text, &us));
    return us / 1000000;
}

static struct zone *loaded(const char *name)
{
    struct zone *z = NULL;
    struct err e = {0};

    ck_assert_msg(zone_load(name, &z, &e), "%s", e.msg);
    return z;
}

START_TEST(offsets_before_in_and_behind_the_table)
{
    static const struct {
        const char *zone, *at;
        int32_t offset_s;
    } rows[] = {
        {"UTC", "2026-07-01T00:00:00Z", 0},
        {"Etc/GMT+5", "2026-07-01T00:00:00Z", -5 * 3600},
        {"Europe/Berlin", "1800-01-01T00:00:00Z", 3208}, /* its own noon */
        {"Europe/Berlin", "2026-03-29T00:59:59Z", 3600},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", 7200},
        {"Europe/Berlin", "2399-07-01T00:00:00Z", 7200},
        {"Europe/Berlin", "2999-07-01T00:00:00Z", 7200},
        {"Europe/Berlin", "2999-12-01T00:00:00Z", 3600},
        {"Europe/Dublin", "2026-01-01T00:00:00Z", 0}, /* winter is the exception there */
        {"Europe/Dublin", "2026-07-01T00:00:00Z", 3600},
        {"Australia/Lord_Howe", "2026-01-01T00:00:00Z", 11 * 3600},
        {"Australia/Lord_Howe", "2026-07-01T00:00:00Z", 10 * 3600 + 1800},
        {"Pacific/Apia", "2011-12-30T09:59:59Z", -10 * 3600}, /* and the 30th never came */
        {"Pacific/Apia", "2011-12-30T10:00:00Z", 14 * 3600},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_obj(zone) z = loaded(rows[i].zone);
        int32_t got = zone_offset(z, seconds(rows[i].at));

        ck_assert_msg(got == rows[i].offset_s, "%s at %s: %d", rows[i].zone, rows[i].at, got);
    }
}
END_TEST

START_TEST(the_rule_goes_on_for_ever)
{
    auto_obj(zone) z = loaded("Europe/Berlin");
    int64_t at = seconds("2037-03-29T01:00:00Z"), next;

    for (int i = 0; i < 2 * 2000; i++, at = next) {
        ck_assert(zone_next_change(z, at, &next));
        ck_assert_int_gt(next - at, 100LL * 86400);
        ck_assert_int_lt(next - at, 250LL * 86400);
        ck_assert_int_ne(zone_offset(z, next), zone_offset(z, next - 1));
    }
    ck_assert_int_gt(at, seconds("4036-01-01T00:00:00Z"));
}
END_TEST

START_TEST(a_zone_without_changes_has_none)
{
    auto_obj(zone) utc = loaded("UTC");
    auto_obj(zone) tokyo = loaded("Asia/Tokyo");
    int64_t next;

    ck_assert(!zone_next_change(utc, INT64_MIN / 4, &next));
    ck_assert(!zone_next_change(tokyo, seconds("2026-01-01T00:00:00Z"), &next));
    ck_assert(zone_next_change(tokyo, seconds("1950-01-01T00:00:00Z"), &next));
}
END_TEST

START_TEST(a_local_time_is_an_instant_or_jumped_over)
{
    auto_obj(zone) z = loaded("Europe/Berlin");
    int64_t at;

    ck_assert(zone_instant(z, seconds("2026-01-01T12:00:00Z"), &at));
    ck_assert_int_eq(at, seconds("2026-01-01T11:00:00Z"));
    ck_assert(zone_instant(z, seconds("2026-10-25T02:30:00Z"), &at));
    ck_assert_int_eq(at, seconds("2026-10-25T00:30:00Z")); /* the first of two */
    ck_assert(!zone_instant(z, seconds("2026-03-29T02:30:00Z"), &at));
    ck_assert_int_eq(at, seconds("2026-03-29T01:00:00Z"));
    ck_assert(zone_instant(z, seconds("2026-03-29T03:00:00Z"), &at));
    ck_assert_int_eq(at, seconds("2026-03-29T01:00:00Z"));
}
END_TEST

START_TEST(what_is_no_zone_is_refused)
{
    static const char *const names[] = {
        "",
        "Mars/Phobos",
        "GMT+25",
        "../etc/passwd",
        "Europe/../Europe/Berlin",
        "/etc/localtime",
        "europe/berlin",
        "Europe/Berlin ",
        "Europe",
        "Europe/",
        "Europe//Berlin",
        "posixrules",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "localtime",
        "leapseconds",
        "tzdata.zi",
        "zone.tab",
        "\xC3\x84",
        "Europe/Berlin\n",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct zone *z = NULL;
        struct err e = {0};

        ck_assert_msg(!zone_load(names[i], &z, &e), "took '%s'", names[i]);
        ck_assert_int_eq(e.code, ERR_INVALID);
    }
}
END_TEST

/* ---- files ---- */

enum { TYPES = 2, CHANGES = 1 };

static void add_be(struct buf *b, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        buf_add(b, &(char){i < 8 ? (char)(value >> (8 * i)) : 0}, 1);
}

static void add_header(struct buf *b, char version, uint32_t leaps, uint32_t changes,
                       uint32_t types)
{
    buf_add(b, "TZif", 4);
    buf_add(b, &version, 1);
    add_be(b, 0, 15);
    add_be(b, 0, 4);
    add_be(b, 0, 4);
    add_be(b, leaps, 4);
    add_be(b, changes, 4);
    add_be(b, types, 4);
    add_be(b, 0, 4);
}

/* An hour forward in 2000, and then the rule. */
static void add_file(struct buf *b, uint32_t leaps, uint8_t type, int32_t offset_s,
                     const char *rule)
{
    add_header(b, '2', 0, 0, 0);
    add_header(b, '2', leaps, CHANGES, TYPES);
    add_be(b, 946684800, 8);
    add_be(b, type, 1);
    add_be(b, 0, 6);
    add_be(b, (uint32_t)offset_s, 4);
    add_be(b, 0, 2);
    buf_addf(b, "\n%s\n", rule);
}

static bool reads(uint32_t leaps, uint8_t type, int32_t offset_s, const char *rule)
{
    auto_done(buf) file = {0};
    auto_obj(zone) z = NULL;
    struct err e = {0};

    add_file(&file, leaps, type, offset_s, rule);
    return zone_read((const uint8_t *)file.data, file.len, &z, &e);
}

START_TEST(files_that_are_read_and_files_that_are_not)
{
    ck_assert(reads(0, 1, 3600, "X-1") == false); /* a name has three letters */
    ck_assert(reads(0, 1, 3600, "AAA-1"));
    ck_assert(reads(0, 1, 3600, ""));
    ck_assert(reads(0, 1, 3600, "<+01>-1<+02>,M3.5.0/-167,J365/167:59:59"));
    ck_assert(reads(0, 1, 3600, "AAA-1BBB,0/0,J365/25"));
    ck_assert(!reads(0, 1, 3600, "AAA-1BBB"));
    ck_assert(!reads(0, 1, 3600, "AAA-25"));
    ck_assert(!reads(0, 1, 3600, "AAA-1BBB,M13.1.0,M3.1.0"));
    ck_assert(!reads(0, 1, 3600, "AAA-1BBB,M3.6.0,M3.1.0"));
    ck_assert(!reads(0, 1, 3600, "AAA-1BBB,J0,J365"));
    ck_assert(!reads(0, 1, 3600, "AAA-1BBB,M3.1.0,M4.1.0 "));
    ck_assert(!reads(1, 1, 3600, "AAA-1")); /* leap seconds */
    ck_assert(!reads(0, 2, 3600, "AAA-1"));
    ck_assert(!reads(0, 1, 93600, "AAA-1"));
}
END_TEST

START_TEST(a_file_that_is_cut_is_refused_at_each_byte)
{
    auto_done(buf) file = {0};
    struct err e = {0};

    ck_assert(file_read("/usr/share/zoneinfo/Europe/London", ZONE_FILE_BYTES_MAX, &file, &e));
    for (size_t len = 0; len < file.len; len++) {
        auto_mem uint8_t *part = mem_zero(1, len + 1); /* asan sees who reads behind it */
        struct zone *z = NULL;

        memcpy(part, file.data, len);
        ck_assert(!zone_read(part, len, &z, &e));
    }
}
END_TEST

/* RFC 9636: daylight saving time all year is written so. */
START_TEST(a_rule_may_be_summer_for_good)
{
    auto_done(buf) file = {0};
    auto_obj(zone) z = NULL;
    struct err e = {0};
    int64_t next;

    add_file(&file, 0, 1, -4 * 3600, "EST5EDT,0/0,J365/25");
    ck_assert_msg(zone_read((const uint8_t *)file.data, file.len, &z, &e), "%s", e.msg);
    for (int year = 2001; year < 3000; year += 37) {
        auto_mem char *new_year = mem_printf("%d-01-01T05:00:00Z", year);

        ck_assert_int_eq(zone_offset(z, seconds(new_year)), -4 * 3600);
        ck_assert_int_eq(zone_offset(z, seconds(new_year) - 1), -4 * 3600);
    }
    ck_assert(!zone_next_change(z, seconds("2001-01-01T00:00:00Z"), &next));
}
END_TEST

TCase *zone_case(void)
{
    TCase *c = tcase_create("zone");

    tcase_add_test(c, offsets_before_in_and_behind_the_table);
    tcase_add_test(c, the_rule_goes_on_for_ever);
    tcase_add_test(c, a_zone_without_changes_has_none);
    tcase_add_test(c, a_local_time_is_an_instant_or_jumped_over);
    tcase_add_test(c, what_is_no_zone_is_refused);
    tcase_add_test(c, files_that_are_read_and_files_that_are_not);
    tcase_add_test(c, a_file_that_is_cut_is_refused_at_each_byte);
    tcase_add_test(c, a_rule_may_be_summer_for_good);
    return c;
}
