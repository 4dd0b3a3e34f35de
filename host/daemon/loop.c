/* loop.c -- see loop.h. A callback only lets its part do what is due; what is left before the
 * loop blocks is done in the prepare step, once a turn. */
#include "daemon/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "bridge/client/client.h"
#include "daemon/ending.h"
#include "daemon/host.h"
#include "daemon/pulse.h"
#include "daemon/reload.h"
#include "daemon/told.h"
#include "daemon/watch.h"
#include "engine/catalog/agents.h"
#include "engine/engine.h"
#include "store/beside.h"

#include <poll.h>

/* A client's socket, from one process at its other end to the next. */
struct followed {
    struct loop *loop;
    uv_poll_cb cb;
    uv_poll_t *handle; /* one of its own for each process that lived */
    int fd, events;    /* as polled; fd -1: none */
};

struct loop {
    struct host *host;
    uv_loop_t uv;
    uv_poll_t sandbox, store, beside;
    struct followed authority, bridge;
    uv_prepare_t prepare;
    uv_timer_t timer;
    uv_poll_t told;
    struct watch *watch;
};

/* What is not one of these is the api's own: its handles are on the same loop. */
static const char in_api[] = "api", in_sandbox[] = "sandbox", in_store[] = "store",
                  in_authority[] = "authority", in_bridge[] = "bridge", in_engine[] = "engine",
                  in_reload[] = "reload", in_stop[] = "stop";

#define TURN_NS_MAX (10LL * 1000 * 1000 * 1000)

static void on_sandbox(uv_poll_t *handle, int status unused_arg, int events unused_arg)
{
    struct host *host = handle->data;

    watch_phase(host->loop->watch, in_sandbox);
    sandbox_turn(host->sandbox, clock_mono_ns());
    watch_phase(host->loop->watch, in_api);
}

static void on_store(uv_poll_t *handle, int status unused_arg, int events unused_arg)
{
    struct host *host = handle->data;

    watch_phase(host->loop->watch, in_store);
    engine_store_turn(host->engine);
    watch_phase(host->loop->watch, in_api);
}

/* What it tells belongs to the engine. */
static void on_beside(uv_poll_t *handle, int status unused_arg, int events unused_arg)
{
    struct host *host = handle->data;

    watch_phase(host->loop->watch, in_engine);
    beside_turn(host->beside);
    watch_phase(host->loop->watch, in_api);
}

static void on_authority(uv_poll_t *handle, int status unused_arg, int events unused_arg)
{
    struct host *host = handle->data;

    watch_phase(host->loop->watch, in_authority);
    authority_client_turn(host->authority, clock_mono_ns());
    watch_phase(host->loop->watch, in_api);
}

static void on_bridge(uv_poll_t *handle, int status unused_arg, int events unused_arg)
{
    struct host *host = handle->data;

    watch_phase(host->loop->watch, in_bridge);
    bridge_client_turn(host->bridge);
    watch_phase(host->loop->watch, in_api);
}

static void on_timer(uv_timer_t *handle unused_arg)
{
    /* It only wakes the loop: the prepare step does what is due. */
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

/* The next connection that is accepted may get the same number, which libuv refuses while the old
 * one is polled; a thread's may get it, too. */
static void on_closing(void *arg)
{
    struct followed *f = arg;

    if (f->handle != NULL)
        uv_close((uv_handle_t *)take(f->handle), free_handle);
    f->fd = -1;
}

static void follow(struct followed *f, int fd, short wanted)
{
    int events = ((wanted & POLLIN) ? UV_READABLE : 0) | ((wanted & POLLOUT) ? UV_WRITABLE : 0);

    if (fd == f->fd && events == f->events)
        return;
    f->fd = fd;
    f->events = events;
    if (fd < 0)
        return;
    if (f->handle == NULL) {
        f->handle = mem_new(uv_poll_t);
        uv_poll_init(&f->loop->uv, f->handle, fd);
        f->handle->data = f->loop->host;
    }
    uv_poll_start(f->handle, events, f->cb);
}

static void follow_all(struct loop *loop)
{
    const struct host *host = loop->host;

    follow(&loop->authority, authority_client_fd(host->authority),
           authority_client_events(host->authority));
    if (host->bridge != NULL)
        follow(&loop->bridge, bridge_client_fd(host->bridge), bridge_client_events(host->bridge));
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void arm_timer(struct loop *loop, int64_t now)
{
    struct host *host = loop->host;
    int64_t due =
        least(sandbox_next_timer(host->sandbox), authority_client_deadline_ns(host->authority));

    due = least(due, ending_next_timer(host));
    due = least(due, pulse_turn(host, now));
    if (host->engine != NULL)
        due = least(due, engine_next_timer(host->engine));
    if (host->api != NULL)
        due = least(due, agents_turn(host->agents, now));
    if (due == INT64_MAX)
        uv_timer_stop(&loop->timer);
    else /* rounded up: a timer that fires early would spin */
        uv_timer_start(&loop->timer, on_timer,
                       due <= now ? 0 : (uint64_t)(due - now + 999999) / 1000000, 0);
}

static void before_blocking(uv_prepare_t *handle)
{
    struct loop *loop = handle->data;
    struct host *host = loop->host;
    int64_t now = clock_mono_ns();

    watch_turned(loop->watch);
    watch_phase(loop->watch, in_engine);
    if (host->engine != NULL)
        engine_turn(host->engine, now);
    watch_phase(loop->watch, in_authority);
    if ((authority_client_events(host->authority) & POLLOUT) ||
        authority_client_deadline_ns(host->authority) <= now)
        authority_client_turn(host->authority, now);
    if (host->bridge != NULL && (bridge_client_events(host->bridge) & POLLOUT))
        bridge_client_turn(host->bridge);
    watch_phase(loop->watch, in_sandbox);
    if (sandbox_next_timer(host->sandbox) <= now)
        sandbox_turn(host->sandbox, now);
    watch_phase(loop->watch, in_api);
    follow_all(loop);
    loop_told_to_end(loop);
    uv_update_time(&loop->uv);
    arm_timer(loop, clock_mono_ns());
}

bool loop_told_to_end(struct loop *loop)
{
    if (ending_turn(loop->host, clock_mono_ns()))
        uv_stop(&loop->uv);
    return told_to_end() != 0;
}

/* A host that starts or ends reads both folders anyway. */
static void on_told(uv_poll_t *handle, int status unused_arg, int events unused_arg)
{
    struct loop *loop = handle->data;
    struct host *host = loop->host;

    told_hear();
    if (!told_to_reload() || host->api == NULL || told_to_end() != 0)
        return;
    log_event(LOG_INFO, "host.reload");
    watch_phase(loop->watch, in_reload);
    reload_trust(host, NULL, NULL);
    watch_phase(loop->watch, in_api);
}

bool loop_new(struct host *host, struct loop **ret, struct err *e)
{
    struct loop *loop = mem_new(struct loop);
    int failed;

    loop->host = host;
    loop->authority = (struct followed){.loop = loop, .cb = on_authority, .fd = -1};
    loop->bridge = (struct followed){.loop = loop, .cb = on_bridge, .fd = -1};
    failed = uv_loop_init(&loop->uv);
    if (failed != 0) {
        free(loop);
        return err_set(e, ERR_SYSTEM, "event loop: %s", uv_strerror(failed));
    }
    if (!watch_start(&loop->uv, TURN_NS_MAX, &loop->watch, e)) {
        uv_loop_close(&loop->uv);
        free(loop);
        return false;
    }
    host->uv = &loop->uv;
    authority_client_watch(host->authority, on_closing, &loop->authority);
    if (host->bridge != NULL)
        bridge_client_watch(host->bridge, on_closing, &loop->bridge);
    uv_poll_init(&loop->uv, &loop->sandbox, sandbox_poll_fd(host->sandbox));
    uv_poll_init(&loop->uv, &loop->store, store_poll_fd(host->store));
    uv_poll_init(&loop->uv, &loop->beside, beside_fd(host->beside));
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_timer_init(&loop->uv, &loop->timer);
    loop->sandbox.data = loop->store.data = loop->beside.data = host;
    loop->prepare.data = loop;
    uv_poll_start(&loop->sandbox, UV_READABLE, on_sandbox);
    uv_poll_start(&loop->store, UV_READABLE, on_store);
    uv_poll_start(&loop->beside, UV_READABLE, on_beside);
    uv_poll_init(&loop->uv, &loop->told, told_fd());
    loop->told.data = loop;
    uv_poll_start(&loop->told, UV_READABLE, on_told);
    uv_prepare_start(&loop->prepare, before_blocking);
    *ret = loop;
    return true;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    watch_stop(loop->watch);
    authority_client_watch(loop->host->authority, NULL, NULL);
    on_closing(&loop->authority);
    if (loop->host->bridge != NULL)
        bridge_client_watch(loop->host->bridge, NULL, NULL);
    on_closing(&loop->bridge);
    uv_close((uv_handle_t *)&loop->sandbox, NULL);
    uv_close((uv_handle_t *)&loop->store, NULL);
    uv_close((uv_handle_t *)&loop->beside, NULL);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->timer, NULL);
    uv_close((uv_handle_t *)&loop->told, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop->uv) != 0)
        log_event(LOG_WARN, "loop.handles_left", F_INT("left", loop->uv.active_handles));
    free(loop);
}

void loop_once(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_ONCE);
}

void loop_run(struct loop *loop)
{
    struct host *host = loop->host;

    if (host->fatal.code == ERR_NONE && !ending_turn(host, clock_mono_ns()))
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    watch_phase(loop->watch, in_stop);
}

void loop_request(void *arg, const char *method, const char *route)
{
    struct loop *loop = arg;

    watch_request(loop->watch, method, route);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}
