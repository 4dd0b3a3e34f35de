/* client.c -- the client's process, sockets, turn and timers. See client.h. */
#include "sandbox/client/client.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/client/internal.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_A_TURN = 128 };

/* ---- watches, wake-up, timers ---- */

void watch_add(struct sandbox *sb, struct watch *w, int fd, uint32_t events,
               void (*ready)(struct sandbox *, struct watch *, uint32_t), void *owner)
{
    struct epoll_event event = {.events = events, .data.ptr = w};
    int added;

    *w = (struct watch){fd, ready, owner};
    added = epoll_ctl(sb->epoll, EPOLL_CTL_ADD, fd, &event);
    assert(added == 0);
}

void watch_events(struct sandbox *sb, struct watch *w, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = w};

    if (w->fd >= 0)
        epoll_ctl(sb->epoll, EPOLL_CTL_MOD, w->fd, &event);
}

void watch_close(struct sandbox *sb, struct watch *w)
{
    if (w->fd < 0)
        return;
    /* The supervisor may hold a copy (a pidfd came from it): closing ours alone would leave the
     * registration, and its pointer, in the set. */
    epoll_ctl(sb->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    close(take_fd(&w->fd));
}

void timer_at(struct sandbox *sb, int64_t at_ns)
{
    if (at_ns < sb->next_ns)
        sb->next_ns = at_ns;
}

void wake_self(struct sandbox *sb)
{
    uint64_t one = 1;

    /* Fails only when the counter is full, and then it is readable. */
    (void)!write(sb->wake.fd, &one, sizeof one);
}

static void on_wake(struct sandbox *sb, struct watch *w, uint32_t events)
{
    uint64_t count;

    (void)sb;
    (void)events;
    (void)!read(w->fd, &count, sizeof count);
}

/* ---- the turn ---- */

/* Everything below the supervisor dies with it. */
static void give_up_all(struct sandbox *sb)
{
    struct pool *pool;
    struct slot *slot;

    sb->gone_told = true;
    TAILQ_FOREACH (pool, &sb->pools, link) {
        pool_drop_waiting(sb, pool, "the supervisor is gone");
        while ((slot = TAILQ_FIRST(&pool->running)) != NULL) {
            channel_drain(sb, slot);
            attempt_gave_up(sb, slot->attempt, OUTCOME_INFRA, "the supervisor is gone");
            slot_free(sb, slot);
        }
        while ((slot = TAILQ_FIRST(&pool->ready)) != NULL)
            slot_free(sb, slot);
        while ((slot = TAILQ_FIRST(&pool->starting)) != NULL)
            slot_free(sb, slot);
    }
}

static void run_timers(struct sandbox *sb)
{
    struct pool *pool;

    sb->next_ns = INT64_MAX;
    TAILQ_FOREACH (pool, &sb->pools, link)
        slots_turn(sb, pool);
    pools_turn(sb);
    domains_turn(sb);
    plugins_sweep(sb);
}

void sandbox_turn(struct sandbox *sb, int64_t now_ns)
{
    struct epoll_event events[EVENTS_A_TURN];
    int n = epoll_wait(sb->epoll, events, EVENTS_A_TURN, 0);

    sb->now_ns = now_ns;
    attempts_tell_begun(sb);
    for (int i = 0; i < n; i++) {
        struct watch *w = events[i].data.ptr;

        if (w->fd >= 0)
            w->ready(sb, w, events[i].events);
    }
    if (now_ns >= sb->next_ns)
        run_timers(sb);
    if (sb->gone && !sb->gone_told) {
        give_up_all(sb);
        attempts_deliver(sb);
        if (sb->events.on_supervisor_gone != NULL)
            sb->events.on_supervisor_gone(sb->arg);
    }
    attempts_tell_begun(sb);
    attempts_deliver(sb);
    slots_bury(sb);
}

int sandbox_poll_fd(const struct sandbox *sb)
{
    return sb->epoll;
}

int64_t sandbox_next_timer(const struct sandbox *sb)
{
    return sb->next_ns;
}

bool sandbox_spin(struct sandbox *sb, int64_t ns)
{
    int64_t until = clock_mono_ns() + ns;
    struct pollfd p = {.fd = sb->epoll, .events = POLLIN};

    if (sb->counts.attempts_running != 1 || sb->counts.spares_starting > 0)
        return false;
    do {
        if (poll(&p, 1, 0) > 0)
            return true;
    } while (clock_mono_ns() < until);
    return false;
}

const struct layer_report *sandbox_layers(const struct sandbox *sb)
{
    return &sb->report;
}

struct sandbox_counts sandbox_counts(const struct sandbox *sb)
{
    struct sandbox_counts counts = sb->counts;

    counts.zygotes = sb->zygote_count;
    return counts;
}

/* ---- start ---- */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static struct sandbox *sandbox_new(const struct sandbox_options *options,
                                   const struct sandbox_events *events, void *arg)
{
    struct sandbox *sb = mem_new(struct sandbox);

    sb->options = *options;
    sb->options.spares_max = or_default(options->spares_max, SPARES_MAX_DEFAULT);
    sb->options.spares_min = or_default(options->spares_min, SPARES_MIN_DEFAULT);
    sb->options.zygotes_max = or_default(options->zygotes_max, ZYGOTES_MAX_DEFAULT);
    sb->options.attempts_max = or_default(options->attempts_max, ATTEMPTS_MAX_DEFAULT);
    sb->options.load_ms = or_default(options->load_ms, LOAD_MS_DEFAULT);
    sb->events = *events;
    sb->arg = arg;
    sb->next_ns = INT64_MAX;
    sb->next_id = 1;
    sb->epoll = sb->null_fd = sb->supervisor.fd = sb->wake.fd = -1;
    sb->cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
    STAILQ_INIT(&sb->outbox);
    TAILQ_INIT(&sb->plugins);
    TAILQ_INIT(&sb->domains);
    TAILQ_INIT(&sb->pools);
    TAILQ_INIT(&sb->done);
    TAILQ_INIT(&sb->begun);
    TAILQ_INIT(&sb->dead_slots);
    for (int i = 0; i < HASH_BUCKETS; i++) {
        TAILQ_INIT(&sb->attempts[i]);
        TAILQ_INIT(&sb->slots[i]);
    }
    return sb;
}

bool sandbox_start(const struct sandbox_options *options, const struct sandbox_events *events,
                   void *arg, struct sandbox **ret, struct err *e)
{
    auto_obj(sandbox) sb = sandbox_new(options, events, arg);
    int wake;

    sb->epoll = epoll_create1(EPOLL_CLOEXEC);
    sb->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (sb->epoll < 0 || sb->null_fd < 0 || wake < 0)
        return err_sys(e, "open the sandbox");
    watch_add(sb, &sb->wake, wake, EPOLLIN, on_wake, NULL);
    if (!supervisor_start(sb, e))
        return false;
    sb->now_ns = clock_mono_ns();
    *ret = take(sb);
    return true;
}

/* ---- end ---- */

static void free_lists(struct sandbox *sb)
{
    struct pool *pool;
    struct domain *domain;
    struct plugin *plugin;
    struct attempt *a;

    while ((pool = TAILQ_FIRST(&sb->pools)) != NULL)
        pool_free(sb, pool);
    while ((domain = TAILQ_FIRST(&sb->domains)) != NULL)
        domain_free(sb, domain);
    while ((plugin = TAILQ_FIRST(&sb->plugins)) != NULL)
        plugin_free(sb, plugin);
    while ((a = TAILQ_FIRST(&sb->done)) != NULL) {
        TAILQ_REMOVE(&sb->done, a, link);
        attempt_free(sb, a);
    }
    slots_bury(sb);
}

void sandbox_free(struct sandbox *sb)
{
    if (sb == NULL)
        return;
    supervisor_stop(sb);
    free_lists(sb);
    supervisor_await(sb);
    watch_close(sb, &sb->wake);
    if (sb->null_fd >= 0)
        close(sb->null_fd);
    if (sb->epoll >= 0)
        close(sb->epoll);
    free(sb);
}
