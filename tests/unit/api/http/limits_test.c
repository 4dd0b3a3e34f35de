/* limits_test.c -- the token buckets, and what is known of tokens and tickets. */
#include "suites.h"

#include "api/auth/verdicts.h"
#include "api/http/rate.h"

#include <stdio.h>
#include <string.h>

#define S 1000000000LL

START_TEST(a_bucket_admits_its_burst_then_its_rate)
{
    auto_obj(rate) r = rate_new(10, 3);
    struct rate_verdict v;

    for (int i = 0; i < 3; i++)
        ck_assert(rate_take(r, "a", S).admitted);
    v = rate_take(r, "a", S);
    ck_assert(!v.admitted && v.remaining == 0 && v.retry_after_s == 1);
    ck_assert(rate_take(r, "b", S).admitted);
    ck_assert(rate_take(r, "a", S + S / 10).admitted);
    ck_assert(!rate_take(r, "a", S + S / 10).admitted);
    v = rate_take(r, "a", 100 * S);
    ck_assert(v.admitted && v.remaining == 2 && v.limit == 3);
}
END_TEST

START_TEST(no_tenant_resets_the_bucket_of_another)
{
    auto_obj(rate) r = rate_new(1, 2);
    char tenant[16];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 200; i++) {
            snprintf(tenant, sizeof tenant, "t%d", i);
            ck_assert_msg(rate_take(r, tenant, S).admitted == (round < 2), "%s, round %d", tenant,
                          round);
        }
    }
}
END_TEST

static struct verdict verdict_for(const char *subject, int64_t until)
{
    struct verdict v = {.until_ns = until};

    snprintf(v.claims.subject, sizeof v.claims.subject, "%s", subject);
    return v;
}

START_TEST(a_verdict_counts_until_its_time)
{
    auto_obj(verdicts) v = verdicts_new();
    struct verdict one = verdict_for("one", 100), two = verdict_for("two", 200);

    verdicts_put(v, "token", &one);
    ck_assert_str_eq(verdicts_get(v, "token", 99)->claims.subject, "one");
    ck_assert_ptr_null(verdicts_get(v, "token", 100));
    ck_assert_ptr_null(verdicts_get(v, "toke", 1));
    verdicts_put(v, "token", &two);
    ck_assert_str_eq(verdicts_get(v, "token", 150)->claims.subject, "two");
    verdicts_clear(v);
    ck_assert_ptr_null(verdicts_get(v, "token", 1));
}
END_TEST

START_TEST(a_ticket_is_taken_once)
{
    auto_obj(verdicts) v = verdicts_new();
    struct verdict one = verdict_for("one", 100), got;

    verdicts_put(v, "ticket", &one);
    ck_assert(verdicts_take(v, "ticket", 50, &got));
    ck_assert(!verdicts_take(v, "ticket", 50, &got));
    verdicts_put(v, "ticket", &one);
    ck_assert(!verdicts_take(v, "ticket", 100, &got));
    ck_assert(!verdicts_take(v, "ticket", 50, &got));
}
END_TEST

START_TEST(the_number_of_verdicts_is_bounded_and_late_ends_stay)
{
    auto_obj(verdicts) v = verdicts_new();
    struct verdict keep = verdict_for("keep", 1000000), many = verdict_for("many", 10);
    char secret[16];

    verdicts_put(v, "keep", &keep);
    for (int i = 0; i < 3 * VERDICT_SLOTS; i++) {
        snprintf(secret, sizeof secret, "%d", i);
        verdicts_put(v, secret, &many);
    }
    ck_assert_ptr_nonnull(verdicts_get(v, "keep", 5));
}
END_TEST

TCase *limits_cases(void)
{
    TCase *tc = tcase_create("limits");

    tcase_add_test(tc, a_bucket_admits_its_burst_then_its_rate);
    tcase_add_test(tc, no_tenant_resets_the_bucket_of_another);
    tcase_add_test(tc, a_verdict_counts_until_its_time);
    tcase_add_test(tc, a_ticket_is_taken_once);
    tcase_add_test(tc, the_number_of_verdicts_is_bounded_and_late_ends_stay);
    return tc;
}
