/* watch.c -- see watch.h. */
#include "daemon/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { LOOKS_A_TURN = 20 };

struct watch {
    uv_loop_t *loop;
    int64_t turn_ns_max, look_ns;
    pthread_t thread;
    pthread_mutex_t lock; /* of over alone */
    pthread_cond_t wake;
    bool over; /* the thread shall end */
    _Atomic(const char *) phase, method, route;
    /* When the loop came round, less all that it had waited until then: what is beyond this and
     * the waiting so far is how long its turn takes. One word, so that no look sees half of it. */
    atomic_llong turned_ns;
};

struct seen {
    int64_t turned_ns;
    int64_t stopped_ns; /* of this turn, the time in which this thread itself did not run */
    int64_t stood_ns;
    int64_t due_ns; /* when it looks next */
    bool told;
};

static int64_t idle_ns(const struct watch *w)
{
    return (int64_t)uv_metrics_idle_time(w->loop);
}

/* How long the loop has worked at its turn. Time in which this thread did not run either (a process
 * that was stopped) is nobody's. */
static int64_t stood_ns(const struct watch *w, struct seen *seen, int64_t now_ns)
{
    int64_t turned_ns = atomic_load(&w->turned_ns), late_ns = now_ns - seen->due_ns;

    if (turned_ns != seen->turned_ns)
        seen->stopped_ns = 0;
    seen->turned_ns = turned_ns;
    if (late_ns > 4 * w->look_ns)
        seen->stopped_ns += late_ns;
    return now_ns - turned_ns - idle_ns(w) - seen->stopped_ns;
}

/* The three may be of moments apart when the loop moves after all: then it is told of as well. */
static void tell_stands(struct watch *w, int64_t stood_ms)
{
    const char *method = atomic_load(&w->method), *route = atomic_load(&w->route);
    const struct log_field fields[] = {F_STR("in", atomic_load(&w->phase)),
                                       F_INT("stood_ms", stood_ms), F_STR("method", method),
                                       F_STR("route", route)};
    size_t count = ARRAY_LEN(fields) - (method == NULL || route == NULL ? 2 : 0);

    log_fields(LOG_ERROR, "loop.stands", fields, count);
}

static void look(struct watch *w, struct seen *seen, int64_t now_ns)
{
    int64_t before_ns = seen->stood_ns;

    seen->stood_ns = stood_ns(w, seen, now_ns);
    if (seen->told && seen->stood_ns < w->turn_ns_max) {
        log_event(LOG_WARN, "loop.moves", F_INT("stood_ms", before_ns / 1000000));
        seen->told = false;
    } else if (!seen->told && seen->stood_ns >= w->turn_ns_max) {
        seen->told = true;
        tell_stands(w, seen->stood_ns / 1000000);
    }
}

/* A turn that has just begun cannot have taken too long before this: a loop that waits costs two
 * looks in the time of a turn. Longer pauses would take a stop of the whole process for a turn. */
static int64_t pause_ns(const struct watch *w, const struct seen *seen)
{
    int64_t left_ns = (w->turn_ns_max - seen->stood_ns) / 2;

    return left_ns > w->look_ns ? left_ns : w->look_ns;
}

/* False when it shall end instead. */
static bool wait_until(struct watch *w, int64_t due_ns)
{
    const struct timespec until = {due_ns / 1000000000, due_ns % 1000000000};
    int rc = 0;
    bool over;

    pthread_mutex_lock(&w->lock);
    while (!w->over && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&w->wake, &w->lock, &until);
    over = w->over;
    pthread_mutex_unlock(&w->lock);
    return !over;
}

static void *watch_main(void *arg)
{
    struct watch *w = arg;
    struct seen seen = {0};

    seen.due_ns = clock_mono_ns() + w->look_ns;
    while (wait_until(w, seen.due_ns)) {
        int64_t now_ns = clock_mono_ns();

        look(w, &seen, now_ns);
        seen.due_ns = now_ns + pause_ns(w, &seen);
    }
    return NULL;
}

static void watch_free(struct watch *w)
{
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

bool watch_start(uv_loop_t *loop, int64_t turn_ns_max, struct watch **ret, struct err *e)
{
    struct watch *w = mem_new(struct watch);
    int failed;

    w->loop = loop;
    w->turn_ns_max = turn_ns_max;
    w->look_ns = turn_ns_max / LOOKS_A_TURN;
    atomic_store(&w->phase, "start");
    failed = uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
    if (failed != 0) {
        free(w);
        return err_set(e, ERR_SYSTEM, "watch the loop: %s", uv_strerror(failed));
    }
    watch_turned(w);
    pthread_mutex_init(&w->lock, NULL);
    thread_cond_init(&w->wake);
    failed = thread_start(&w->thread, watch_main, w);
    if (failed != 0) {
        watch_free(w);
        return err_set(e, ERR_SYSTEM, "watch the loop: %s", strerror(failed));
    }
    *ret = w;
    return true;
}

void watch_stop(struct watch *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->over = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    watch_free(w);
}

void watch_phase(struct watch *w, const char *phase)
{
    atomic_store_explicit(&w->phase, phase, memory_order_relaxed);
    watch_request(w, NULL, NULL);
}

void watch_request(struct watch *w, const char *method, const char *route)
{
    atomic_store_explicit(&w->method, method, memory_order_relaxed);
    atomic_store_explicit(&w->route, route, memory_order_relaxed);
}

void watch_turned(struct watch *w)
{
    atomic_store_explicit(&w->turned_ns, clock_mono_ns() - idle_ns(w), memory_order_relaxed);
}
