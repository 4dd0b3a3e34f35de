/* judge_test.c -- the judge of host_sim finds each breach that it knows in a history that was
 * doctored to show it, and none in those that are sound. */
#include "judge.h"

#include "base/mem.h"
#include "store/rows.h"

#include <check.h>
#include <stdlib.h>

#define S (1000LL * 1000 * 1000)

/* Host 0 starts a run of two nodes and is fenced in the middle; host 1 takes it, hears of a pause,
 * and ends it; it is reopened by host 0's next opening and ends once more. */
static const struct history_fact sound[] = {
    {.at_ns = 0, .kind = FACT_OPENED, .host = 0, .epoch = 1},
    {.at_ns = 0, .kind = FACT_JOB, .host = 0, .epoch = 1, .number = 0},
    {.at_ns = 0, .kind = FACT_OPENED, .host = 1, .epoch = 1},
    {.at_ns = 1 * S, .kind = FACT_INSERTED, .run = 2, .hash = 77},
    {.at_ns = 1 * S, .kind = FACT_OWNER, .host = 0, .epoch = 1, .run = 2},
    {.at_ns = 1 * S, .kind = FACT_WRITTEN, .host = 0, .epoch = 1, .run = 2},
    {.at_ns = 1 * S, .kind = FACT_EVENT, .run = 2, .number = 1, .seq = 1, .hash = 11},
    {.at_ns = 1 * S, .kind = FACT_EVENT, .run = 2, .number = 2, .seq = 2, .prev = 11, .hash = 12},
    {.at_ns = 1 * S, .kind = FACT_BEGUN, .run = 2, .chain = 0, .number = 1},
    {.at_ns = 1 * S, .kind = FACT_ADMITTED, .run = 2, .hash = 77},
    {.at_ns = 1 * S, .kind = FACT_STREAMED, .host = 0, .epoch = 1, .seq = 1},
    {.at_ns = 1 * S, .kind = FACT_STREAMED, .host = 0, .epoch = 1, .seq = 2},
    {.at_ns = 1 * S, .kind = FACT_STARTED, .host = 0, .epoch = 1, .run = 2, .number = 1},
    {.at_ns = 2 * S, .kind = FACT_WRITTEN, .host = 0, .epoch = 1, .run = 2},
    {.at_ns = 2 * S, .kind = FACT_EVENT, .run = 2, .number = 3, .seq = 3, .prev = 12, .hash = 13},
    {.at_ns = 2 * S, .kind = FACT_COMPLETED, .run = 2, .chain = 0, .number = 1},
    {.at_ns = 2 * S, .kind = FACT_BEGUN, .run = 2, .chain = 1, .number = 1},
    {.at_ns = 3 * S, .kind = FACT_GONE, .host = 0, .epoch = 1, .run = 2, .number = 1},
    {.at_ns = 3 * S,
     .kind = FACT_STARTED,
     .host = 0,
     .epoch = 1,
     .run = 2,
     .chain = 1,
     .number = 1},
    {.at_ns = 4 * S, .kind = FACT_HALTED, .host = 0},
    {.at_ns = 8 * S, .kind = FACT_FENCED, .host = 0, .epoch = 1},
    {.at_ns = 8 * S, .kind = FACT_JOB, .host = 1, .epoch = 1, .number = 0},
    {.at_ns = 9 * S, .kind = FACT_OWNER, .host = 1, .epoch = 1, .run = 2},
    {.at_ns = 9 * S, .kind = FACT_WRITTEN, .host = 1, .epoch = 1, .run = 2},
    {.at_ns = 9 * S, .kind = FACT_BEGUN, .run = 2, .chain = 1, .number = 2},
    {.at_ns = 9 * S,
     .kind = FACT_STARTED,
     .host = 1,
     .epoch = 1,
     .run = 2,
     .chain = 1,
     .number = 2},
    {.at_ns = 9 * S, .kind = FACT_READ, .host = 1, .seq = 1},
    {.at_ns = 10 * S, .kind = FACT_OPENED, .host = 0, .epoch = 2},
    {.at_ns = 11 * S, .kind = FACT_ORDERED, .run = 2, .number = 5},
    {.at_ns = 12 * S, .kind = FACT_ORDER_GONE, .run = 2, .number = 5},
    {.at_ns = 13 * S, .kind = FACT_WRITTEN, .host = 1, .epoch = 1, .run = 2},
    {.at_ns = 13 * S, .kind = FACT_ENDED, .run = 2, .number = STORE_RUN_FAILED, .hash = 91},
    {.at_ns = 14 * S, .kind = FACT_OWNER, .host = 0, .epoch = 2, .run = 2},
    {.at_ns = 14 * S, .kind = FACT_REOPENED, .run = 2},
    {.at_ns = 14 * S, .kind = FACT_STATEMENT, .run = 2, .hash = 91},
    {.at_ns = 20 * S, .kind = FACT_CALM},
    {.at_ns = 21 * S, .kind = FACT_CANCELLED, .run = 2},
    {.at_ns = 22 * S, .kind = FACT_WRITTEN, .host = 0, .epoch = 2, .run = 2},
    {.at_ns = 40 * S, .kind = FACT_ENDED, .run = 2, .number = STORE_RUN_CANCELLED, .hash = 92},
    {.at_ns = 41 * S, .kind = FACT_STATEMENT, .run = 2, .hash = 92},
    {.at_ns = 42 * S, .kind = FACT_OVER},
};

/* Behind the first `at` facts of it come others, the last of which shows it. */
struct doctored {
    enum breach breach;
    size_t at;
    struct history_fact fact;
    struct history_fact more[3]; /* behind it; at 0: none */
};

/* The places in it. */
enum {
    BEHIND_OPENED = 3,
    BEHIND_EVENTS = 8,
    BEHIND_STARTED = 13,
    BEHIND_RUNNING = 19,
    BEHIND_FENCED = 21,
    BEHIND_TAKEN = 24,
    BEHIND_READ = 27,
    BEHIND_REOPENED_HOST = 28,
    BEHIND_FIRST_END = 32,
    BEHIND_CALM = 36,
    BEHIND_CANCELLED = 38,
    BEHIND_END = 39,
};

static const struct doctored doctored[] = {
    {BREACH_FENCED_WRITE,
     BEHIND_FENCED,
     {.kind = FACT_WRITTEN, .host = 0, .epoch = 1, .run = 2},
     {{0}}},
    {BREACH_STRANGERS_WRITE,
     BEHIND_EVENTS,
     {.kind = FACT_WRITTEN, .host = 1, .epoch = 1, .run = 2},
     {{0}}},
    {BREACH_RUN_STOLEN,
     BEHIND_EVENTS,
     {.kind = FACT_OWNER, .host = 1, .epoch = 1, .run = 2},
     {{0}}},
    {BREACH_JOB_STOLEN,
     BEHIND_EVENTS,
     {.kind = FACT_JOB, .host = 1, .epoch = 1, .number = 0},
     {{0}}},
    {BREACH_TWO_OF_ONE_START, BEHIND_EVENTS, {.kind = FACT_INSERTED, .run = 3, .hash = 77}, {{0}}},
    {BREACH_ENDED_TWICE,
     BEHIND_END,
     {.kind = FACT_ENDED, .run = 2, .number = STORE_RUN_FAILED},
     {{0}}},
    {BREACH_BEHIND_THE_END,
     BEHIND_FIRST_END,
     {.kind = FACT_WRITTEN, .host = 1, .epoch = 1, .run = 2},
     {{0}}},
    {BREACH_NODE_AGAIN,
     BEHIND_TAKEN,
     {.kind = FACT_BEGUN, .run = 2, .chain = 0, .number = 2},
     {{0}}},
    {BREACH_NODE_AGAIN, BEHIND_TAKEN, {.kind = FACT_COMPLETED, .run = 2, .chain = 0}, {{0}}},
    {BREACH_CHAIN,
     BEHIND_EVENTS,
     {.kind = FACT_EVENT, .run = 2, .number = 4, .seq = 3, .prev = 12, .hash = 13},
     {{0}}},
    {BREACH_CHAIN,
     BEHIND_EVENTS,
     {.kind = FACT_EVENT, .run = 2, .number = 3, .seq = 3, .prev = 11, .hash = 13},
     {{0}}},
    {BREACH_NUMBERS, BEHIND_EVENTS, {.kind = FACT_EVENT, .seq = 4}, {{0}}},
    {BREACH_NUMBERS, BEHIND_EVENTS, {.kind = FACT_EVENT, .seq = 2}, {{0}}},
    {BREACH_READ_GAP, BEHIND_READ, {.kind = FACT_READ, .host = 1, .seq = 3}, {{0}}},
    {BREACH_READ_GAP, BEHIND_OPENED, {.kind = FACT_READ, .host = 1, .seq = 1}, {{0}}},
    {BREACH_STREAMED_EARLY, BEHIND_STARTED, {.kind = FACT_STREAMED, .host = 0, .seq = 3}, {{0}}},
    {BREACH_STREAMED_EARLY, BEHIND_STARTED, {.kind = FACT_STREAMED, .host = 0, .seq = 1}, {{0}}},
    {BREACH_STARTED_EARLY,
     BEHIND_STARTED,
     {.kind = FACT_STARTED, .host = 0, .epoch = 1, .run = 2, .chain = 1, .number = 1},
     {{0}}},
    {BREACH_STARTED_TWICE,
     BEHIND_STARTED,
     {.kind = FACT_STARTED, .host = 0, .epoch = 1, .run = 2, .number = 1},
     {{0}}},
    {BREACH_STARTED_BY_DEAD,
     BEHIND_FENCED,
     {.kind = FACT_STARTED, .host = 0, .epoch = 1, .run = 2, .chain = 1, .number = 1},
     {{0}}},
    {BREACH_STARTED_BY_STRANGER,
     BEHIND_REOPENED_HOST,
     {.kind = FACT_STARTED, .host = 0, .epoch = 2, .run = 2, .chain = 1, .number = 2},
     {{0}}},
    {BREACH_RUNS_TWICE,
     BEHIND_RUNNING,
     {.kind = FACT_FENCED, .host = 0, .epoch = 1},
     {{.at_ns = 3 * S, .kind = FACT_OWNER, .host = 1, .epoch = 1, .run = 2},
      {.at_ns = 3 * S, .kind = FACT_BEGUN, .run = 2, .chain = 2, .number = 1},
      {.at_ns = 3 * S,
       .kind = FACT_STARTED,
       .host = 1,
       .epoch = 1,
       .run = 2,
       .chain = 2,
       .number = 1}}},
    {BREACH_ADMITTED_EARLY, BEHIND_OPENED, {.kind = FACT_ADMITTED, .run = 2, .hash = 77}, {{0}}},
    {BREACH_TWO_OF_ONE_START, BEHIND_EVENTS, {.kind = FACT_ADMITTED, .run = 2, .hash = 78}, {{0}}},
    {BREACH_TWO_STATEMENTS, BEHIND_CALM, {.kind = FACT_STATEMENT, .run = 2, .hash = 91}, {{0}}},
    {BREACH_STALE_STATEMENT, BEHIND_END, {.kind = FACT_STATEMENT, .run = 2, .hash = 91}, {{0}}},
    {BREACH_NO_STATEMENT, BEHIND_END, {.kind = FACT_OVER}, {{0}}},
    {BREACH_NO_END, BEHIND_CALM, {.kind = FACT_OVER}, {{0}}},
    {BREACH_ORDER_LEFT,
     BEHIND_CALM,
     {.at_ns = 21 * S, .kind = FACT_ORDERED, .run = 2, .number = 6},
     {{.at_ns = 40 * S, .kind = FACT_ENDED, .run = 2, .number = STORE_RUN_CANCELLED}}},
    {BREACH_CANCEL_LOST,
     BEHIND_CANCELLED,
     {.at_ns = 40 * S, .kind = FACT_ENDED, .run = 2, .number = STORE_RUN_COMPLETED},
     {{0}}},
};

static void add_until(struct history *h, size_t end)
{
    for (size_t i = 0; i < end; i++)
        history_add(h, &sound[i]);
}

START_TEST(a_sound_history_has_no_breach)
{
    auto_done(history) h = {0};
    struct verdict verdict;

    add_until(&h, ARRAY_LEN(sound));
    verdict = judge(&h);
    ck_assert_msg(verdict.breach == BREACH_NONE, "%s", breach_text(verdict.breach));
}
END_TEST

START_TEST(a_breach_is_found_in_a_doctored_history_and_shown)
{
    const struct doctored *d = &doctored[_i];
    auto_done(history) h = {0};
    struct verdict verdict;

    add_until(&h, d->at);
    ck_assert_int_eq(judge(&h).breach, BREACH_NONE);
    history_add(&h, &d->fact);
    for (size_t i = 0; i < ARRAY_LEN(d->more) && d->more[i].at_ns != 0; i++)
        history_add(&h, &d->more[i]);
    verdict = judge(&h);
    ck_assert_msg(verdict.breach == d->breach, "%s", breach_text(verdict.breach));
    ck_assert_uint_eq(verdict.at, h.count - 1);
}
END_TEST

START_TEST(each_breach_that_the_judge_knows_has_a_history)
{
    for (int breach = BREACH_NONE + 1; breach < BREACH_COUNT; breach++) {
        size_t i = 0;

        while (i < ARRAY_LEN(doctored) && doctored[i].breach != (enum breach)breach)
            i++;
        ck_assert_msg(i < ARRAY_LEN(doctored), "%s", breach_text((enum breach)breach));
    }
}
END_TEST

START_TEST(what_is_allowed_is_no_breach)
{
    static const struct {
        size_t at;
        struct history_fact fact;
    } allowed[] = {
        /* a reopened run is its reopener's, whoever ended it */
        {BEHIND_FIRST_END, {.kind = FACT_OWNER, .host = 0, .epoch = 2, .run = 2}},
        /* a release, and who takes what nobody has */
        {BEHIND_EVENTS, {.kind = FACT_OWNER, .run = 2}},
        /* an order that comes with the run's end */
        {BEHIND_FIRST_END, {.kind = FACT_ORDERED, .run = 2, .number = 9}},
        /* a second answer of one start */
        {BEHIND_READ, {.kind = FACT_ADMITTED, .run = 2, .hash = 77}},
        /* an event of no run */
        {BEHIND_EVENTS, {.kind = FACT_EVENT, .seq = 3}},
    };

    for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
        auto_done(history) h = {0};
        struct verdict verdict;

        add_until(&h, allowed[i].at);
        history_add(&h, &allowed[i].fact);
        verdict = judge(&h);
        ck_assert_msg(verdict.breach == BREACH_NONE, "%zu: %s", i, breach_text(verdict.breach));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("judge");
    TCase *tc = tcase_create("histories");
    SRunner *runner = srunner_create(s);
    int failed;

    tcase_add_test(tc, a_sound_history_has_no_breach);
    tcase_add_loop_test(tc, a_breach_is_found_in_a_doctored_history_and_shown, 0,
                        (int)ARRAY_LEN(doctored));
    tcase_add_test(tc, each_breach_that_the_judge_knows_has_a_history);
    tcase_add_test(tc, what_is_allowed_is_no_breach);
    suite_add_tcase(s, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
