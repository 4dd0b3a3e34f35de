/* overlap_test.c -- what a due time comes to while the run before goes on. */
#include "suites.h"

#include "model/schedule/overlap.h"

#include <string.h>

static const struct {
    const char *policy;
    bool goes_on;
    int64_t queued;
    enum overlap want;
    const char *reason;
} rows[] = {
    {"allow", false, 0, OVERLAP_FIRES, NULL},
    {"allow", true, 0, OVERLAP_FIRES, NULL},
    {"skip", false, 0, OVERLAP_FIRES, NULL},
    {"skip", true, 0, OVERLAP_SKIPS, "overlap"},
    {"cancel-previous", false, 0, OVERLAP_FIRES, NULL},
    {"cancel-previous", true, 0, OVERLAP_CANCELS, NULL},
    {"queue", false, 0, OVERLAP_FIRES, NULL},
    {"queue", true, 0, OVERLAP_QUEUES, "overlap"},
    {"queue", false, 1, OVERLAP_QUEUES, "overlap"}, /* behind that one */
    {"queue", true, 2, OVERLAP_QUEUES, "overlap"},
    {"queue", true, 3, OVERLAP_SKIPS, "queue_full"},
    {"queue", false, 3, OVERLAP_SKIPS, "queue_full"},
};

START_TEST(the_policy_decides)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *reason = "";

        ck_assert_int_eq(overlap_decide(rows[i].policy, rows[i].goes_on, rows[i].queued, 3,
                                        &reason),
                         rows[i].want);
        ck_assert_msg(reason == rows[i].reason || strcmp(reason, rows[i].reason) == 0, "%s",
                      reason);
    }
}
END_TEST

TCase *overlap_cases(void)
{
    TCase *c = tcase_create("overlap");

    tcase_add_test(c, the_policy_decides);
    return c;
}
