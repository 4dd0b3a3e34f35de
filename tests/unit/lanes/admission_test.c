/* admission_test.c -- with finish-first what has begun is finished before more is. */
#include "suites.h"

#include "lanes/admission.h"

#include <string.h>

enum { RUNS = 6, NODES = 3, WORKERS = 2 };

struct run {
    struct lane_item item; /* of its node that waits or runs */
    int64_t created_us;
    int done, priority;
    const char *tenant;
};

static struct lanes *lanes;
static struct run runs[RUNS];
static bool finish_first;
static int64_t now_us;

static void setup(void)
{
    lanes = lanes_new(100, AGEING);
    lanes_set(lanes, "l", &(struct lane_spec){.slots = WORKERS}, 0);
    memset(runs, 0, sizeof runs);
    now_us = 0;
}

static void teardown(void)
{
    lanes_free(lanes);
}

static void comes(struct run *run, bool begun)
{
    const struct lane_came came = lane_comes(&(struct lane_coming){.finish_first = finish_first,
                                                                   .begun = begun,
                                                                   .created_us = run->created_us,
                                                                   .now_us = now_us});

    run->item.owner = run;
    run->item.came_us = came.came_us;
    run->item.age_ns = came.age_ns;
    lanes_add(lanes, &run->item, "l", run->tenant, run->priority, now_us * 1000);
}

static void all_come(const char *last_tenant, int32_t last_priority)
{
    for (int i = 0; i < RUNS; i++) {
        bool last = i == RUNS - 1;

        now_us = 1000 + i;
        runs[i] = (struct run){.created_us = now_us,
                               .tenant = last ? last_tenant : "acme",
                               .priority = last ? last_priority : 5};
        comes(&runs[i], false);
    }
}

static int begun_and_open(void)
{
    int count = 0;

    for (int i = 0; i < RUNS; i++)
        count += runs[i].done > 0 && runs[i].done < NODES;
    return count;
}

/* Each takes one node after the other; the numbers of the runs as they end. Returns how many were
 * begun and had not ended at the same time. */
static int work_off(char ends[RUNS + 1])
{
    struct run *at_work[WORKERS] = {0};
    int most = 0, ended = 0;

    for (int step = 0; ended < RUNS; step = (step + 1) % WORKERS) {
        struct run *run = at_work[step];

        now_us += 1000;
        if (run != NULL) {
            lanes_ended(lanes, &run->item, now_us * 1000);
            if (++run->done < NODES)
                comes(run, true);
            else
                ends[ended++] = (char)('0' + (run - runs));
            most = begun_and_open() > most ? begun_and_open() : most;
        }
        at_work[step] = NULL;
        if (lanes_waiting(lanes) > 0)
            at_work[step] = lanes_take(lanes, now_us * 1000)->owner;
    }
    ends[ended] = '\0';
    return most;
}

START_TEST(runs_are_finished_one_after_the_other)
{
    char ends[RUNS + 1];

    finish_first = true;
    all_come("acme", 5);
    ck_assert_int_le(work_off(ends), WORKERS);
    ck_assert_str_eq(ends, "012345");
}
END_TEST

START_TEST(as_they_come_all_are_begun_before_one_ends)
{
    char ends[RUNS + 1];

    finish_first = false;
    all_come("acme", 5);
    ck_assert_int_ge(work_off(ends), RUNS - 1);
    ck_assert_str_eq(ends, "012345");
}
END_TEST

START_TEST(a_priority_goes_before_what_has_begun)
{
    char ends[RUNS + 1];

    finish_first = true;
    all_come("acme", 9);
    work_off(ends);
    ck_assert_int_eq(ends[0], '5');
}
END_TEST

/* The other tenant has one run, and each second turn. */
START_TEST(tenants_take_their_turns_all_the_same)
{
    char ends[RUNS + 1];

    finish_first = true;
    all_come("globex", 5);
    work_off(ends);
    ck_assert_ptr_nonnull(strchr(ends, '5'));
    ck_assert_int_le(strchr(ends, '5') - ends, 1);
}
END_TEST

/* Of a host that is set so the younger is first where it has begun; of tasks nothing changes. */
START_TEST(what_has_begun_is_before_what_is_older)
{
    struct lane_coming old = {.finish_first = true, .created_us = 10, .now_us = 500};
    struct lane_coming begun = {.finish_first = true,
                                .begun = true,
                                .created_us = 400,
                                .now_us = 500};
    struct lane_coming task = {.as_its_run = true, .begun = true, .created_us = 10, .now_us = 500};
    struct lane_coming early = {.finish_first = true, .created_us = 600, .now_us = 500};

    ck_assert_int_lt(lane_comes(&begun).came_us, lane_comes(&old).came_us);
    ck_assert_int_eq(lane_comes(&begun).age_ns, 100000);
    ck_assert_int_eq(lane_comes(&task).came_us, 10);
    ck_assert_int_eq(lane_comes(&task).age_ns, 490000);
    ck_assert_int_eq(lane_comes(&early).age_ns, 0);
}
END_TEST

TCase *admission_case(void)
{
    TCase *tc = tcase_create("admission");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, runs_are_finished_one_after_the_other);
    tcase_add_test(tc, as_they_come_all_are_begun_before_one_ends);
    tcase_add_test(tc, a_priority_goes_before_what_has_begun);
    tcase_add_test(tc, tenants_take_their_turns_all_the_same);
    tcase_add_test(tc, what_has_begun_is_before_what_is_older);
    return tc;
}
