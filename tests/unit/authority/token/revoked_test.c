/* revoked_test.c -- a token that was revoked stays revoked, over restarts, until it would have
 * ended. */
#include "suites.h"

#include "authority/token/revoked.h"
#include "authority/token/token.h"
#include "base/uuid.h"

#include <string.h>

#define NOW_US 1767323045000000LL
#define NOW_S (NOW_US / 1000000)

START_TEST(a_revoked_token_stays_revoked)
{
    auto_obj(revoked) revoked = NULL;
    auto_obj(revoked) again = NULL;
    char ids[20][UUID_TEXT_BYTES];
    struct err e = {0};

    ck_good(revoked_load(test_path("revoked"), NOW_S, &revoked, &e), &e);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        uuid7(NOW_US, ids[i]);
        if (i % 2 == 0)
            ck_good(revoked_add(revoked, ids[i], NOW_S + 100, NOW_S, &e), &e);
    }
    ck_good(revoked_load(test_path("revoked"), NOW_S, &again, &e), &e);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        ck_assert(revoked_has(again, ids[i]) == (i % 2 == 0));
    ck_good(revoked_add(again, ids[0], NOW_S + 100, NOW_S, &e), &e);
    ck_assert_uint_eq(revoked_count(again), 10);
}
END_TEST

START_TEST(an_expired_token_is_forgotten_only_when_no_clock_can_bring_it_back)
{
    auto_obj(revoked) revoked = NULL;
    auto_obj(revoked) during = NULL;
    auto_obj(revoked) after = NULL;
    char id[UUID_TEXT_BYTES], later[UUID_TEXT_BYTES];
    struct err e = {0};

    uuid7(NOW_US, id);
    uuid7(NOW_US, later);
    ck_good(revoked_load(test_path("revoked"), NOW_S, &revoked, &e), &e);
    ck_good(revoked_add(revoked, id, NOW_S + 100, NOW_S, &e), &e);
    ck_good(revoked_load(test_path("revoked"), NOW_S + 100 + REVOKED_KEPT_S - 1, &during, &e), &e);
    ck_assert(revoked_has(during, id));
    ck_good(revoked_load(test_path("revoked"), NOW_S + 100 + REVOKED_KEPT_S, &after, &e), &e);
    ck_assert(!revoked_has(after, id));
    ck_good(revoked_add(revoked, later, NOW_S + 999, NOW_S + 100 + REVOKED_KEPT_S, &e), &e);
    ck_assert_uint_eq(revoked_count(revoked), 1);
}
END_TEST

START_TEST(a_damaged_list_of_revoked_tokens_is_not_guessed_at)
{
    static const char *const damaged[] = {
        "0199c801-0000-7000-8000-000000000000\n",
        "not-an-id 1767323045\n",
        "0199c801-0000-7000-8000-000000000000 1767323045 x\n",
        "\n",
    };
    auto_obj(revoked) revoked = NULL;
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
        test_write("revoked", damaged[i], 0600);
        ck_assert_msg(!revoked_load(test_path("revoked"), NOW_S, &revoked, &e), "took %s",
                      damaged[i]);
        ck_error(&e, ERR_CORRUPT, "line 1");
    }
    ck_assert_ptr_null(revoked);
}
END_TEST

START_TEST(a_line_that_a_crash_cut_was_never_told)
{
    auto_obj(revoked) revoked = NULL;
    struct err e = {0};

    test_write("revoked", "0199c801-0000-7000-8000-000000000000 2767323045\n0199c801-0000-70",
               0600);
    ck_good(revoked_load(test_path("revoked"), NOW_S, &revoked, &e), &e);
    ck_assert_uint_eq(revoked_count(revoked), 1);
    ck_assert(revoked_has(revoked, "0199c801-0000-7000-8000-000000000000"));
}
END_TEST

START_TEST(only_a_token_id_can_be_revoked)
{
    auto_obj(revoked) revoked = NULL;
    struct err e = {0};

    ck_good(revoked_load(test_path("revoked"), NOW_S, &revoked, &e), &e);
    ck_assert(!revoked_add(revoked, "x\n0199", NOW_S, NOW_S, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

TCase *revoked_cases(void)
{
    TCase *tc = tcase_create("revoked");

    tcase_add_checked_fixture(tc, test_dir_make, test_dir_remove);
    tcase_add_test(tc, a_revoked_token_stays_revoked);
    tcase_add_test(tc, an_expired_token_is_forgotten_only_when_no_clock_can_bring_it_back);
    tcase_add_test(tc, a_damaged_list_of_revoked_tokens_is_not_guessed_at);
    tcase_add_test(tc, a_line_that_a_crash_cut_was_never_told);
    tcase_add_test(tc, only_a_token_id_can_be_revoked);
    return tc;
}
