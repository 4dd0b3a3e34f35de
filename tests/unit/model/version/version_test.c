/* version_test.c -- the one order of versions, as a comparison and as a key. */
#include "base/buf.h"
#include "base/rng.h"
#include "model/version/version.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static int order_of_keys(const char *a, const char *b)
{
    auto_done(buf) a_key = {0};
    auto_done(buf) b_key = {0};

    version_key(a, &a_key);
    version_key(b, &b_key);
    return sign(strcmp(buf_text(&a_key), buf_text(&b_key)));
}

START_TEST(versions_order_as_semver_11_4_orders_them)
{
    static const char *const rising[] = {
        "0.9.9",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0-rc10",
        "1.0.0-rc2",
        "1.0.0",
        "1.0.1",
        "1.2.0",
        "1.10.0",
        "2.0.0-1-x",
        "2.0.0",
        "10.0.0",
        "9999999999.0.0",
        "10000000000.0.0",
        "99999999999999999999.0.0",
        "100000000000000000000.0.0",
    };

    for (size_t a = 0; a < ARRAY_LEN(rising); a++) {
        for (size_t b = 0; b < ARRAY_LEN(rising); b++) {
            int order = version_compare(rising[a], rising[b]);

            ck_assert_msg(sign(order) == (a > b) - (a < b), "%s and %s: %d", rising[a], rising[b],
                          order);
            ck_assert_int_eq(order_of_keys(rising[a], rising[b]), sign(order));
        }
    }
    ck_assert_int_eq(version_compare("1.0.0+a", "1.0.0+b"), 0);
    ck_assert_int_eq(version_compare("1.0.0-x+a", "1.0.0-x"), 0);
}
END_TEST

START_TEST(what_is_not_a_version_is_refused)
{
    static const char *const refused[] = {
        "",         "1",          "1.0",    "1.0.0.0", "01.0.0", "1.0.0-",
        "1.0.0-01", "1.0.0-a..b", "1.0.0+", "v1.0.0",  "1.0.0 ", "1.0.0-\xC3\xA4",
    };

    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        ck_assert_msg(!version_valid(refused[i]), "took '%s'", refused[i]);
    ck_assert(version_valid("1.0.0-0a.x-1+01"));
}
END_TEST

START_TEST(builds_of_one_version_have_keys_beside_each_other)
{
    static const char *const rising[] = {"1.0.0-x", "1.0.0-x+a", "1.0.0-x.1", "1.0.0-x-1",
                                         "1.0.0",   "1.0.0+a",   "1.0.0+b",   "1.0.1"};

    for (size_t i = 1; i < ARRAY_LEN(rising); i++)
        ck_assert_msg(order_of_keys(rising[i - 1], rising[i]) < 0, "%s is not below %s",
                      rising[i - 1], rising[i]);
}
END_TEST

START_TEST(texts_that_are_no_semver_have_an_order_too)
{
    static const char *const rising[] = {"",    "0.9",   "1",        "1.0-rc2",        "1.0-rc10",
                                         "1.0", "1.0.0", "1.0.0.1",  "1.9.0",          "1.10.0",
                                         "2",   "10",    "20240115", "20240115123045", "v1",
                                         "v2",  "v10"};

    for (size_t a = 0; a < ARRAY_LEN(rising); a++) {
        for (size_t b = 0; b < ARRAY_LEN(rising); b++)
            ck_assert_msg(order_of_keys(rising[a], rising[b]) == (a > b) - (a < b), "%s and %s",
                          rising[a], rising[b]);
    }
    ck_assert_int_ne(order_of_keys("1.0.01", "1.0.1"), 0);
    ck_assert_int_ne(order_of_keys("1-", "1!"), 0);
}
END_TEST

/* A version near to many others: few letters, small numbers, now and then a long one. */
static void make_version(struct rng *rng, char out[VERSION_BYTES_MAX + 1])
{
    static const char *const pieces[] = {"0",           "1",  "2",  "10",  "99", "9999999999",
                                         "10000000000", "a",  "b",  "A",   "-",  "a1",
                                         "1a",          "--", "rc", "00a", "a-b"};
    auto_done(buf) b = {0};

    for (unsigned part = 0; part < 3; part++)
        buf_addf(&b, "%s%s", part > 0 ? "." : "",
                 pieces[rng_below(rng, rng_below(rng, 2) ? 2 : 7)]);
    for (uint64_t left = rng_below(rng, 4), between = '-'; left > 0; left--, between = '.')
        buf_addf(&b, "%c%s", (int)between, pieces[rng_below(rng, ARRAY_LEN(pieces))]);
    if (rng_below(rng, 4) == 0)
        buf_addf(&b, "+%s", pieces[rng_below(rng, ARRAY_LEN(pieces))]);
    strcpy(out, b.len <= VERSION_BYTES_MAX ? buf_text(&b) : "1.0.0");
}

START_TEST(keys_say_of_random_pairs_what_the_comparison_says)
{
    struct rng rng = rng_of(20260115);
    unsigned equal = 0, below = 0;

    for (unsigned i = 0; i < 50000; i++) {
        char a[VERSION_BYTES_MAX + 1], b[VERSION_BYTES_MAX + 1];
        int order;
        bool agree;

        make_version(&rng, a);
        make_version(&rng, b);
        if (!version_valid(a))
            ck_abort_msg("made '%s'", a);
        order = version_compare(a, b);
        agree = sign(order) == -sign(version_compare(b, a)) &&
                (order == 0 ? (order_of_keys(a, b) == 0) == (strcmp(a, b) == 0)
                            : order_of_keys(a, b) == sign(order));
        if (!agree)
            ck_abort_msg("%s and %s: %d, their keys %d", a, b, order, order_of_keys(a, b));
        equal += order == 0;
        below += order < 0;
    }
    ck_assert_uint_gt(equal, 25);
    ck_assert_uint_gt(below, 12500);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("version");
    TCase *tc = tcase_create("version");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 30); /* a sanitizer is slow */
    tcase_add_test(tc, versions_order_as_semver_11_4_orders_them);
    tcase_add_test(tc, what_is_not_a_version_is_refused);
    tcase_add_test(tc, builds_of_one_version_have_keys_beside_each_other);
    tcase_add_test(tc, texts_that_are_no_semver_have_an_order_too);
    tcase_add_test(tc, keys_say_of_random_pairs_what_the_comparison_says);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
