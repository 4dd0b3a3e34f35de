/* watch_test.c -- a loop that stands is told of, with what it stands in; one that works or waits is
 * not. */
#include "daemon/watch.h"

#include "base/log.h"
#include "base/mem.h"
#include "daemon/wall.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TURN_NS (400LL * 1000 * 1000)

struct world {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_prepare_t prepare;
    struct watch *watch;
    int turns, ends[2], kept;
    bool in_request;
};

static void turned(uv_prepare_t *handle)
{
    struct world *w = handle->data;

    watch_turned(w->watch);
}

static void begin(struct world *w)
{
    struct err e = {0};

    ck_assert_int_eq(pipe2(w->ends, O_NONBLOCK), 0);
    w->kept = dup(STDERR_FILENO);
    dup2(w->ends[1], STDERR_FILENO);
    log_setup("test", LOG_INFO, true);
    ck_assert_int_eq(uv_loop_init(&w->loop), 0);
    ck_assert_msg(watch_start(&w->loop, TURN_NS, &w->watch, &e), "%s", e.msg);
    uv_timer_init(&w->loop, &w->timer);
    uv_prepare_init(&w->loop, &w->prepare);
    w->timer.data = w->prepare.data = w;
    uv_prepare_start(&w->prepare, turned);
}

/* What was logged. */
static char *end(struct world *w)
{
    char *text = mem_array(8192, char);

    watch_stop(w->watch);
    uv_close((uv_handle_t *)&w->timer, NULL);
    uv_close((uv_handle_t *)&w->prepare, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&w->loop), 0);
    dup2(w->kept, STDERR_FILENO);
    if (read(w->ends[0], text, 8191) < 0)
        text[0] = '\0';
    close(w->kept);
    close(w->ends[0]);
    close(w->ends[1]);
    return text;
}

static void stand(uv_timer_t *timer)
{
    struct world *w = timer->data;

    watch_phase(w->watch, "the dentist's");
    if (w->in_request)
        watch_request(w->watch, "GET", "/teeth/{tooth}");
    usleep(4 * TURN_NS / 1000);
    watch_phase(w->watch, "api");
    uv_timer_stop(timer);
    uv_prepare_stop(&w->prepare);
}

START_TEST(a_turn_that_takes_too_long_is_told_with_what_it_is_in)
{
    static const char request[] = "\"method\":\"GET\",\"route\":\"/teeth/{tooth}\"";
    auto_mem char *text = NULL;
    struct world w = {.in_request = _i == 1};

    begin(&w);
    uv_timer_start(&w.timer, stand, 1, 0);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    usleep(TURN_NS / 1000);
    text = end(&w);
    ck_assert_ptr_nonnull(strstr(text, "\"event\":\"loop.stands\",\"in\":\"the dentist's\""));
    ck_assert_msg((strstr(text, request) != NULL) == w.in_request, "%s", text);
    ck_assert_msg((strstr(text, "\"route\"") != NULL) == w.in_request, "%s", text);
}
END_TEST

static void work(uv_timer_t *timer)
{
    struct world *w = timer->data;

    usleep(TURN_NS / 1000 / 40);
    if (++w->turns < 80)
        return;
    uv_timer_stop(timer);
    uv_prepare_stop(&w->prepare);
}

static void nothing(uv_timer_t *timer)
{
    uv_prepare_stop(&((struct world *)timer->data)->prepare);
}

START_TEST(a_loop_that_works_or_waits_is_not_told_of)
{
    auto_mem char *text = NULL;
    struct world w = {0};

    begin(&w);
    if (_i == 0) /* busy all the time, and round each time */
        uv_timer_start(&w.timer, work, 0, 1);
    else
        uv_timer_start(&w.timer, nothing, 3 * TURN_NS / 1000000, 0);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    text = end(&w);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(a_step_of_the_wall_clock_is_seen_once_and_a_drift_is_none)
{
    struct wall wall = {0};
    int64_t us = 1000 * 1000, at = 1700000000 * us;

    ck_assert_int_eq(wall_step(&wall, at, 5 * us), 0); /* nothing to compare with */
    for (int i = 1; i <= 100; i++)                     /* 0.9 s of drift at each look */
        ck_assert_int_eq(wall_step(&wall, at + i * 10 * us + i * 9 * us / 10, (5 + i * 10) * us),
                         0);
    ck_assert_int_eq(wall_step(&wall, at + 1000 * us + 90 * us - 3600 * us, 1005 * us), -3600 * us);
    ck_assert_int_eq(wall_step(&wall, at + 1001 * us + 90 * us - 3600 * us, 1006 * us), 0);
    ck_assert_int_eq(wall_step(&wall, at + 1003 * us + 90 * us - 3600 * us, 1007 * us), us);
}
END_TEST

/* Which a sanitizer of threads takes for a race of the two (tests/tsan.supp). */

static void *open_when_told(void *arg)
{
    while (!atomic_load_explicit((atomic_bool *)arg, memory_order_relaxed))
        usleep(1000);
    close(eventfd(0, EFD_CLOEXEC));
    return NULL;
}

START_TEST(the_numbers_of_a_loop_that_is_closed_are_another_threads)
{
    atomic_bool told = false;
    pthread_t other;
    uv_loop_t loop;

    ck_assert_int_eq(pthread_create(&other, NULL, open_when_told, &told), 0);
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    atomic_store_explicit(&told, true, memory_order_relaxed);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
}
END_TEST

static TCase *numbers_case(void)
{
    TCase *tc = tcase_create("numbers");

    tcase_set_tags(tc, "threads");
    tcase_add_test(tc, the_numbers_of_a_loop_that_is_closed_are_another_threads);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("daemon");
    TCase *tests = tcase_create("watch");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_turn_that_takes_too_long_is_told_with_what_it_is_in, 0, 2);
    tcase_add_loop_test(tests, a_loop_that_works_or_waits_is_not_told_of, 0, 2);
    tcase_add_test(tests, a_step_of_the_wall_clock_is_seen_once_and_a_drift_is_none);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, numbers_case());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
