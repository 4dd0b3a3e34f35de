/* lanes_test.c -- lanes that operators set, and their versions. */
#include "suites.h"

#include <string.h>

static struct store_lane lane(const char *name, int64_t version, const char *members)
{
    return (struct store_lane){.lane = name,
                               .version = version,
                               .members = members,
                               .said_by = "me",
                               .said_in = SAMPLE_TENANT,
                               .reason = "more of them",
                               .said_us = SAMPLE_TIME + version};
}

static enum err_code put(const char *name, int64_t version, const char *members)
{
    struct store_batch *b = store_batch_new();
    const struct store_lane row = lane(name, version, members);
    struct err e = {0};

    store_batch_lane_put(b, &row);
    if (!store_commit_wait(fixture_store, &b, NULL, &e))
        store_batch_free(b);
    return e.code;
}

START_TEST(a_lane_is_what_was_said_last)
{
    auto_done(store_lane_list) l = {0}, none = {0};
    struct err e = {0};

    ck_assert_int_eq(put("ml", 1, "{\"slots\": 1}"), ERR_NONE);
    ck_assert_int_eq(put("ml", 2, "{\"slots\": 2.0}"), ERR_NONE);
    ck_assert(store_read_lane(fixture_reader, "ml", &l, &e));
    ck_assert_uint_eq(l.count, 1);
    ck_assert_int_eq(l.rows[0].version, 2);
    ck_assert_str_eq(l.rows[0].members, "{\"slots\": 2.0}");
    ck_assert_str_eq(l.rows[0].said_by, "me");
    ck_assert_str_eq(l.rows[0].said_in, SAMPLE_TENANT);
    ck_assert_str_eq(l.rows[0].reason, "more of them");
    ck_assert_int_eq(l.rows[0].said_us, SAMPLE_TIME + 2);
    ck_assert(store_read_lane(fixture_reader, "m", &none, &e));
    ck_assert_uint_eq(none.count, 0);
}
END_TEST

START_TEST(a_version_is_said_once)
{
    auto_done(store_lane_list) l = {0};
    struct err e = {0};

    ck_assert_int_eq(put("ml", 1, "{\"slots\": 1}"), ERR_NONE);
    ck_assert_int_eq(put("ml", 1, "{\"slots\": 7}"), ERR_CONFLICT);
    ck_assert_int_eq(put("other", 1, "{}"), ERR_NONE);
    ck_assert(store_read_lane(fixture_reader, "ml", &l, &e));
    ck_assert_str_eq(l.rows[0].members, "{\"slots\": 1}");
}
END_TEST

START_TEST(lanes_are_listed_by_name_page_by_page)
{
    auto_mem char *token = NULL;
    auto_done(buf) text = {0};

    for (char name[] = "a"; name[0] <= 'e'; name[0]++)
        ck_assert_int_eq(put(name, 1, "{}"), ERR_NONE);
    do {
        auto_done(store_lane_list) l = {0};
        struct err e = {0};

        ck_assert(store_read_lanes(fixture_reader, (struct store_page){token, 2}, &l, &e));
        for (size_t k = 0; k < l.count; k++)
            buf_addf(&text, "%s ", l.rows[k].lane);
        free(token);
        token = l.next_page != NULL ? mem_str(l.next_page) : NULL;
    } while (token != NULL);
    ck_assert_str_eq(buf_text(&text), "a b c d e ");
}
END_TEST

START_TEST(versions_are_listed_newest_first_and_of_one_lane)
{
    auto_mem char *token = NULL;
    auto_done(buf) text = {0};

    ck_assert_int_eq(put("other", 1, "{}"), ERR_NONE);
    for (int64_t i = 1; i <= 5; i++)
        ck_assert_int_eq(put("ml", i, "{}"), ERR_NONE);
    do {
        auto_done(store_lane_list) l = {0};
        struct err e = {0};

        ck_assert(
            store_read_lane_versions(fixture_reader, "ml", (struct store_page){token, 2}, &l, &e));
        for (size_t k = 0; k < l.count; k++)
            buf_addf(&text, "%lld ", (long long)l.rows[k].version);
        free(token);
        token = l.next_page != NULL ? mem_str(l.next_page) : NULL;
    } while (token != NULL);
    ck_assert_str_eq(buf_text(&text), "5 4 3 2 1 ");
}
END_TEST

TCase *lanes_cases(void)
{
    TCase *c = tcase_create("lanes");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_lane_is_what_was_said_last);
    tcase_add_test(c, a_version_is_said_once);
    tcase_add_test(c, lanes_are_listed_by_name_page_by_page);
    tcase_add_test(c, versions_are_listed_newest_first_and_of_one_lane);
    return c;
}
