/* timers_test.c -- the soonest is first, whatever is added, moved and taken out. */
#include "suites.h"

#include "base/rng.h"
#include "base/timers.h"

struct waiter {
    unsigned number;
    struct timer timer;
};

START_TEST(a_timer_is_in_the_heap_while_it_is_due_some_time)
{
    struct timers timers = {0};
    struct waiter one = {.number = 1}, two = {.number = 2};

    ck_assert_ptr_null(timers_first(&timers));
    ck_assert_int_eq(timers_due(&timers), TIMER_NEVER);
    timers_set(&timers, &one.timer, TIMER_NEVER);
    ck_assert_ptr_null(timers_first(&timers));
    timers_set(&timers, &one.timer, 20);
    timers_set(&timers, &two.timer, 10);
    ck_assert_uint_eq(TIMER_OWNER(timers_first(&timers), struct waiter, timer)->number, 2);
    timers_set(&timers, &two.timer, 30);
    ck_assert_int_eq(timers_due(&timers), 20);
    timers_set(&timers, &one.timer, TIMER_NEVER);
    timers_set(&timers, &one.timer, TIMER_NEVER);
    ck_assert_uint_eq(TIMER_OWNER(timers_first(&timers), struct waiter, timer)->number, 2);
    timers_set(&timers, &two.timer, TIMER_NEVER);
    ck_assert_uint_eq(timers.count, 0);
    timers_done(&timers);
}
END_TEST

START_TEST(the_first_is_the_soonest_of_all)
{
    enum { WAITERS = 100, STEPS = 5000 };
    struct waiter waiters[WAITERS] = {0};
    struct timers timers = {0};
    struct rng rng = rng_of(7);

    for (unsigned step = 0; step < STEPS; step++) {
        struct waiter *changed = &waiters[rng_below(&rng, WAITERS)];
        int64_t soonest = TIMER_NEVER;
        unsigned count = 0;

        timers_set(&timers, &changed->timer,
                   rng_below(&rng, 3) == 0 ? TIMER_NEVER : (int64_t)rng_below(&rng, 50));
        for (unsigned i = 0; i < WAITERS; i++) {
            if (waiters[i].timer.place == 0)
                continue;
            count++;
            soonest = waiters[i].timer.due_ns < soonest ? waiters[i].timer.due_ns : soonest;
        }
        ck_assert_uint_eq(timers.count, count);
        ck_assert_int_eq(timers_due(&timers), soonest);
    }
    timers_done(&timers);
}
END_TEST

TCase *timers_cases(void)
{
    TCase *tc = tcase_create("timers");

    tcase_add_test(tc, a_timer_is_in_the_heap_while_it_is_due_some_time);
    tcase_add_test(tc, the_first_is_the_soonest_of_all);
    return tc;
}
