/* work_pool_test.c -- work beside the loop: told once, on the loop, whatever ends first. */
#include "suites.h"

#include "base/thread.h"
#include "base/work_pool.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

enum { PIECES = 200, THREADS = 3 };

struct task {
    pthread_t ran_on;
    unsigned worker;
    atomic_bool *go; /* NULL: at once */
    int done, dropped;
};

static void run(void *arg, unsigned worker)
{
    struct task *t = arg;

    while (t->go != NULL && !atomic_load(t->go))
        sched_yield();
    t->ran_on = pthread_self();
    t->worker = worker;
}

static void done(void *arg)
{
    ((struct task *)arg)->done++;
}

static void drop(void *arg)
{
    ((struct task *)arg)->dropped++;
}

static struct work_pool *pool_of(unsigned threads)
{
    struct work_pool *p = NULL;
    struct err e = {0};

    ck_assert_msg(work_pool_start(threads, 0, &p, &e), "%s", e.msg);
    return p;
}

static void give(struct work_pool *p, struct task *t)
{
    work_pool_give(p, &(struct work){run, done, drop, t});
}

static void turn(struct work_pool *p)
{
    struct pollfd fd = {.fd = work_pool_fd(p), .events = POLLIN};

    ck_assert_int_eq(poll(&fd, 1, -1), 1);
    work_pool_turn(p);
}

START_TEST(every_piece_is_run_beside_the_loop_and_told_once)
{
    static struct task tasks[PIECES];
    auto_obj(work_pool) p = pool_of(THREADS);
    int told = 0;

    for (int i = 0; i < PIECES; i++)
        give(p, &tasks[i]);
    while (told < PIECES) {
        turn(p);
        told = 0;
        for (int i = 0; i < PIECES; i++)
            told += tasks[i].done;
    }
    for (int i = 0; i < PIECES; i++) {
        ck_assert_int_eq(tasks[i].done, 1);
        ck_assert_int_eq(tasks[i].dropped, 0);
        ck_assert(!pthread_equal(tasks[i].ran_on, pthread_self()));
        ck_assert_uint_lt(tasks[i].worker, THREADS);
    }
}
END_TEST

START_TEST(a_long_piece_does_not_hold_the_next)
{
    atomic_bool go = false;
    struct task slow = {.go = &go}, quick = {0};
    auto_obj(work_pool) p = pool_of(2);

    give(p, &slow);
    give(p, &quick);
    turn(p);
    ck_assert_int_eq(quick.done, 1);
    ck_assert_int_eq(slow.done, 0);
    atomic_store(&go, true);
    turn(p);
    ck_assert_int_eq(slow.done, 1);
}
END_TEST

START_TEST(what_was_not_told_is_dropped_with_the_pool)
{
    atomic_bool go = false;
    struct task running = {.go = &go}, waiting = {0};
    struct work_pool *p = pool_of(1);

    give(p, &running);
    give(p, &waiting);
    atomic_store(&go, true);
    work_pool_free(p);
    ck_assert_int_eq(running.done + waiting.done, 0);
    ck_assert_int_eq(running.dropped, 1);
    ck_assert_int_eq(waiting.dropped, 1);
}
END_TEST

static void measure_stack(void *arg, unsigned worker)
{
    pthread_attr_t attr;

    (void)worker;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    pthread_attr_getstacksize(&attr, arg);
    pthread_attr_destroy(&attr);
}

static void nothing(void *arg)
{
    (void)arg;
}

/* As after a small `ulimit -s`. */
START_TEST(a_small_stack_of_the_systems_is_not_the_threads)
{
    struct work_pool *p;
    pthread_attr_t small;
    size_t bytes = 0;

    pthread_attr_init(&small);
    ck_assert_int_eq(pthread_attr_setstacksize(&small, (size_t)256 * 1024), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&small), 0);
    pthread_attr_destroy(&small);
    p = pool_of(1);
    work_pool_give(p, &(struct work){measure_stack, nothing, nothing, &bytes});
    ck_assert_int_eq(poll(&(struct pollfd){work_pool_fd(p), POLLIN, 0}, 1, -1), 1);
    work_pool_free(p);
    ck_assert_uint_ge(bytes, THREAD_STACK_BYTES);
}
END_TEST

TCase *work_pool_cases(void)
{
    TCase *tc = tcase_create("work pool");

    tcase_add_test(tc, every_piece_is_run_beside_the_loop_and_told_once);
    tcase_add_test(tc, a_long_piece_does_not_hold_the_next);
    tcase_add_test(tc, what_was_not_told_is_dropped_with_the_pool);
    tcase_add_test(tc, a_small_stack_of_the_systems_is_not_the_threads);
    return tc;
}
