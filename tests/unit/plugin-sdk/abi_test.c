/* abi_test.c -- the ABI as text, compared with plugin-sdk/abi/plugin-v1.txt: a change of the
 * header shows as a change of that file in the same review. To make it anew:
 *     build/dev/tests/unit/plugin-sdk/plugin_sdk_test --print-abi > plugin-sdk/abi/plugin-v1.txt */
#include "suites.h"

#include "abi_text.h"
#include "base/fd.h"

START_TEST(the_layout_is_the_committed_one)
{
    auto_done(buf) committed = {0}, now = {0};
    struct err e;

    ck_assert_msg(file_read(ABI_FILE, 64 * 1024, &committed, &e), "%s", e.msg);
    abi_text(&now);
    ck_assert_str_eq(buf_text(&now), buf_text(&committed));
}
END_TEST

Suite *abi_suite(void)
{
    Suite *suite = suite_create("abi");
    TCase *tc = tcase_create("layout");

    tcase_add_test(tc, the_layout_is_the_committed_one);
    suite_add_tcase(suite, tc);
    return suite;
}
