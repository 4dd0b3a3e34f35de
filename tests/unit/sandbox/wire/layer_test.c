/* layer_test.c -- masks and levels. */
#include "sandbox/wire/layer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ALL ((1u << LAYER_COUNT) - 1)

static const struct {
    uint32_t missing;
    int level;
} rows[] = {
    {0, 4},
    {LAYER_USERNS, 4}, /* root made the namespaces */
    {LAYER_UID, 4},    /* a user namespace did */
    {LAYER_EXIT_INFO, 4},
    {LAYER_UID | LAYER_USERNS, 3},
    {LAYER_LANDLOCK | LAYER_SCOPE, 3},
    {LAYER_MNTNS, 3},
    {LAYER_PIDNS, 3},
    {LAYER_NETNS, 3},
    {LAYER_IPCNS, 3},
    {LAYER_MEMORY, 3},
    {LAYER_PIDS, 3},
    {LAYER_LANDLOCK | LAYER_PIDNS, 2},
    {LAYER_PIDNS | LAYER_SCOPE | LAYER_UID, 2},
    {LAYER_CAPS, 1},
    {LAYER_DUMPABLE, 1},
    {LAYER_LANDLOCK | LAYER_MNTNS, 1},
    {LAYER_SECCOMP, 0},
    {LAYER_NO_NEW_PRIVS, 0},
    {LAYER_RLIMITS, 0},
    {LAYER_FDS, 0},
    {ALL, 0},
};

START_TEST(a_missing_layer_lowers_the_level_as_the_table_says)
{
    ck_assert_int_eq(layer_level(ALL & ~rows[_i].missing), rows[_i].level);
}
END_TEST

START_TEST(a_level_never_rises_when_a_layer_goes)
{
    for (uint32_t mask = 0; mask <= ALL; mask++)
        for (int bit = 0; bit < LAYER_COUNT; bit++)
            if (layer_level(mask & ~(1u << bit)) > layer_level(mask))
                ck_abort_msg("mask %#x without %s", mask, layer_name((enum layer_bit)bit));
}
END_TEST

START_TEST(names_lead_back_to_their_bits)
{
    for (int bit = 0; bit < LAYER_COUNT; bit++)
        ck_assert_int_eq(layer_bit_of(layer_name((enum layer_bit)bit)), bit);
    ck_assert_int_eq(layer_bit_of("nothing"), LAYER_COUNT);
}
END_TEST

START_TEST(the_report_is_json_that_says_what_an_absence_means)
{
    struct layer_report report = {.level = 3, .landlock_abi = 4, .mask = ALL & ~LAYER_SCOPE};
    auto_done(buf) json = {0};

    report.layers[LAYER_BIT_SCOPE].state = LAYER_ABSENT;
    report.layers[LAYER_BIT_SCOPE].sys_errno = 95;
    layer_report_json(&report, &json);
    ck_assert_ptr_nonnull(strstr(buf_text(&json),
                                 "{\"name\":\"landlock_scope\",\"state\":\"absent\",\"errno\":95,"
                                 "\"consequence\":\"siblings are separated by the filter and uids "
                                 "only\"}"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer");
    TCase *tests = tcase_create("layer");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tests, a_missing_layer_lowers_the_level_as_the_table_says, 0,
                        (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tests, a_level_never_rises_when_a_layer_goes);
    tcase_add_test(tests, names_lead_back_to_their_bits);
    tcase_add_test(tests, the_report_is_json_that_says_what_an_absence_means);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
