/* watch.c -- see watch.h. */
#include "daemon/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { LOOKS_A_TURN = 20 };

struct watch {
    uv_loop_t *loop;
    int64_t turn_ns_max, look_ns;
    pthread_t thread;
    uv_sem_t over; /* posted once, when the thread shall end */
    _Atomic(const char *) phase, method, route;
    atomic_ullong turns;
};

struct seen {
    unsigned long long turns;
    uint64_t idle_ns;
    int64_t since_ns; /* when either moved last */
    int64_t looked_ns;
    bool told;
};

/* A loop that waits has its idle time grow; one that works comes round. Time in which this thread
 * itself did not run (a machine that was suspended, a process that was stopped) is nobody's. */
static bool has_moved(struct watch *w, struct seen *seen, int64_t now_ns)
{
    unsigned long long turns = atomic_load(&w->turns);
    uint64_t idle_ns = uv_metrics_idle_time(w->loop);
    bool moved = turns != seen->turns || idle_ns != seen->idle_ns;

    seen->turns = turns;
    seen->idle_ns = idle_ns;
    if (now_ns - seen->looked_ns > 4 * w->look_ns)
        seen->since_ns += now_ns - seen->looked_ns;
    seen->looked_ns = now_ns;
    return moved;
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

static void look(struct watch *w, struct seen *seen)
{
    int64_t now_ns = clock_mono_ns();

    if (has_moved(w, seen, now_ns)) {
        if (seen->told)
            log_event(LOG_WARN, "loop.moves",
                      F_INT("stood_ms", (now_ns - seen->since_ns) / 1000000));
        seen->told = false;
        seen->since_ns = now_ns;
    } else if (!seen->told && now_ns - seen->since_ns >= w->turn_ns_max) {
        seen->told = true;
        tell_stands(w, (now_ns - seen->since_ns) / 1000000);
    }
}

static void *watch_main(void *arg)
{
    struct watch *w = arg;
    int64_t now_ns = clock_mono_ns();
    struct seen seen = {.since_ns = now_ns, .looked_ns = now_ns};
    struct timespec pause = {w->look_ns / 1000000000, w->look_ns % 1000000000};

    while (uv_sem_trywait(&w->over) != 0) {
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        look(w, &seen);
    }
    return NULL;
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
    if (failed == 0)
        failed = uv_sem_init(&w->over, 0);
    if (failed != 0) {
        free(w);
        return err_set(e, ERR_SYSTEM, "watch the loop: %s", uv_strerror(failed));
    }
    failed = thread_start(&w->thread, watch_main, w);
    if (failed != 0) {
        uv_sem_destroy(&w->over);
        free(w);
        return err_set(e, ERR_SYSTEM, "watch the loop: %s", strerror(failed));
    }
    *ret = w;
    return true;
}

void watch_stop(struct watch *w)
{
    if (w == NULL)
        return;
    uv_sem_post(&w->over);
    pthread_join(w->thread, NULL);
    uv_sem_destroy(&w->over);
    free(w);
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
    atomic_fetch_add_explicit(&w->turns, 1, memory_order_relaxed);
}
