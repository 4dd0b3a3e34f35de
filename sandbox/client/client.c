/* client.c -- the client as its caller sees it: the one part that knows all the others, hands the
 * supervisor's messages to them, and calls back. See client.h. */
#include "sandbox/client/client.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/client/channel.h"
#include "sandbox/client/plugin.h"
#include "sandbox/client/pool.h"
#include "sandbox/client/process.h"
#include "sandbox/client/result.h"
#include "sandbox/client/spec.h"
#include "sandbox/client/zygote.h"
#include "sandbox/image/plugin_info.h"
#include "sandbox/kernel/pidfd.h"

#include <fcntl.h>
#include <poll.h>

enum {
    SPARES_MAX_DEFAULT = 64,
    SPARES_MIN_DEFAULT = 2,
    ZYGOTES_MAX_DEFAULT = 64,
    ATTEMPTS_MAX_DEFAULT = 4096,
    LOAD_MS_DEFAULT = 10 * 1000,
};

/* From low to high: each knows only those before it. */
struct sandbox {
    struct sandbox_events callbacks;
    void *arg;
    uint32_t attempts_max;
    bool gone_told; /* of the supervisor */
    struct sandbox_counts counts;
    struct loop loop;
    struct watch json; /* of attempts.json, with a copy of its descriptor */
    struct super_link super;
    struct events events;
    struct attempts attempts;
    struct domains domains;
    struct slots slots;
    struct pools pools;
    struct plugins plugins;
};

/* ---- from the supervisor ---- */

static bool heard(void *owner, struct frame_in *in)
{
    struct sandbox *sb = owner;

    switch (in->frame.type) {
    case MSG_ZYGOTE_READY:
    case MSG_ZYGOTE_GONE:
        return zygote_heard(&sb->plugins, &in->frame);
    case MSG_AUTHORITY:
        events_socket(&sb->events, EVENT_AUTHORITY, frame_take_fd(in, 0));
        return true;
    case MSG_BRIDGE:
        events_socket(&sb->events, EVENT_BRIDGE, frame_take_fd(in, 0));
        return true;
    default:
        process_heard(&sb->slots, in);
        return true;
    }
}

/* ---- to the caller ---- */

static void tell(struct sandbox *sb, struct event *event)
{
    const struct sandbox_events *c = &sb->callbacks;

    switch (event->kind) {
    case EVENT_TEXT:
        if (c->on_attempt_log != NULL)
            c->on_attempt_log(sb->arg, event->attempt, event->stream, event->level,
                              event->text.data, event->text.len);
        break;
    case EVENT_PROGRESS:
        if (c->on_attempt_progress != NULL)
            c->on_attempt_progress(sb->arg, event->attempt, event->done, event->total,
                                   buf_text(&event->text), event->text.len);
        break;
    case EVENT_HEARTBEAT:
        if (c->on_attempt_heartbeat != NULL)
            c->on_attempt_heartbeat(sb->arg, event->attempt);
        break;
    case EVENT_PLUGIN_READY:
        if (c->on_plugin_ready != NULL)
            c->on_plugin_ready(sb->arg, &event->info->public);
        break;
    case EVENT_PLUGIN_FAILED:
        if (c->on_plugin_failed != NULL)
            c->on_plugin_failed(sb->arg, event->digest, event->why);
        break;
    case EVENT_PLUGIN_QUARANTINED:
        if (c->on_plugin_quarantined != NULL)
            c->on_plugin_quarantined(sb->arg, event->digest, event->why);
        break;
    case EVENT_AUTHORITY:
        if (c->on_authority != NULL)
            c->on_authority(sb->arg, take_fd(&event->fd));
        break;
    case EVENT_BRIDGE:
        if (c->on_bridge != NULL)
            c->on_bridge(sb->arg, take_fd(&event->fd));
        break;
    }
}

static void tell_events(struct sandbox *sb)
{
    struct event *next;

    while ((next = events_next(&sb->events)) != NULL) {
        auto_obj(event) event = next;

        tell(sb, event);
    }
}

static void tell_begun(struct sandbox *sb)
{
    struct attempt *a;

    while ((a = attempts_next_begun(&sb->attempts)) != NULL)
        if (sb->callbacks.on_attempt_started != NULL)
            sb->callbacks.on_attempt_started(sb->arg, a->id,
                                             &(struct attempt_start){.layers = a->layers,
                                                                     .layers_said = a->layers_said,
                                                                     .level =
                                                                         layer_level(a->layers),
                                                                     .isolation = a->isolation});
}

static void tell_done(struct sandbox *sb)
{
    struct attempt *a;

    while ((a = attempts_next_done(&sb->attempts)) != NULL) {
        auto_done(buf) error_class = {0};
        auto_done(buf) message = {0};
        struct attempt_result result;

        result_of(a, &error_class, &message, &result);
        sb->counts.attempts_done++;
        sb->counts.done_by_outcome[a->outcome]++;
        if (sb->callbacks.on_attempt_done != NULL)
            sb->callbacks.on_attempt_done(sb->arg, a->id, &result);
        attempt_free(a);
    }
}

/* Once: every attempt has its answer before. */
static void tell_gone(struct sandbox *sb)
{
    sb->gone_told = true;
    processes_lost(&sb->pools);
    tell_events(sb);
    tell_done(sb);
    if (sb->callbacks.on_supervisor_gone != NULL)
        sb->callbacks.on_supervisor_gone(sb->arg);
}

/* ---- the turn ---- */

static void run_timers(struct sandbox *sb)
{
    sb->loop.next_ns = INT64_MAX;
    processes_turn(&sb->pools);
    pools_turn(&sb->pools);
    zygotes_turn(&sb->plugins);
    plugins_turn(&sb->plugins);
}

void sandbox_turn(struct sandbox *sb, int64_t now_ns)
{
    struct due due;

    loop_look(&sb->loop, &due);
    sb->loop.now_ns = now_ns;
    tell_begun(sb);
    loop_dispatch(&due);
    if (now_ns >= sb->loop.next_ns)
        run_timers(sb);
    tell_events(sb);
    if (sb->super.gone && !sb->gone_told && TAILQ_EMPTY(&sb->attempts.reading))
        tell_gone(sb);
    tell_begun(sb);
    tell_done(sb);
    slots_bury(&sb->slots);
    if (super_owes(&sb->super))
        super_flush(&sb->super);
}

uint32_t sandbox_beat(struct sandbox *sb)
{
    return super_beat(&sb->super);
}

bool sandbox_beat_waits(const struct sandbox *sb)
{
    return sb->super.unanswered > 0;
}

void sandbox_kill_supervisor(struct sandbox *sb)
{
    super_kill(&sb->super);
}

void sandbox_kill_authority(struct sandbox *sb)
{
    super_tell(&sb->super, MSG_AUTHORITY_KILL, 0, NULL, 0, NULL, 0);
}

void sandbox_kill_bridge(struct sandbox *sb)
{
    super_tell(&sb->super, MSG_BRIDGE_KILL, 0, NULL, 0, NULL, 0);
}

int sandbox_poll_fd(const struct sandbox *sb)
{
    return sb->loop.epoll;
}

int64_t sandbox_next_timer(const struct sandbox *sb)
{
    /* What was told between two turns leaves with the next. */
    return super_owes(&sb->super) ? sb->loop.now_ns : sb->loop.next_ns;
}

bool sandbox_spin(struct sandbox *sb, int64_t ns)
{
    int64_t until = clock_mono_ns() + ns;
    struct pollfd p = {.fd = sb->loop.epoll, .events = POLLIN};

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
    return &sb->super.report;
}

struct sandbox_counts sandbox_counts(const struct sandbox *sb)
{
    return sb->counts;
}

/* ---- plugins ---- */

bool sandbox_plugin_add(struct sandbox *sb, const struct sandbox_plugin *given, struct err *e)
{
    if (sb->super.gone)
        return err_set(e, ERR_UNAVAILABLE, "the supervisor is gone");
    loop_refresh(&sb->loop);
    return plugin_add(&sb->plugins, given, e);
}

void sandbox_plugin_remove(struct sandbox *sb, const char *digest)
{
    struct plugin *plugin = plugin_find(&sb->plugins, digest);

    if (plugin == NULL)
        return;
    loop_refresh(&sb->loop);
    plugin_remove(plugin, OUTCOME_INFRA, "the plugin was removed");
}

void sandbox_plugin_revoke(struct sandbox *sb, const char *digest, const char *why)
{
    loop_refresh(&sb->loop);
    plugins_revoke(&sb->plugins, digest, why);
}

/* ---- attempts ---- */

/* Completes the spec and finds the plugin that it names. */
static bool accept_spec(struct sandbox *sb, struct attempt_spec *spec, struct plugin **ret,
                        struct err *e)
{
    struct plugin *plugin = spec->digest != NULL ? plugin_find(&sb->plugins, spec->digest) : NULL;

    if (sb->super.gone)
        return err_set(e, ERR_UNAVAILABLE, "the supervisor is gone");
    if (plugin == NULL)
        return err_set(e, ERR_NOT_FOUND, "no plugin %.12s",
                       spec->digest != NULL ? spec->digest : "");
    *ret = plugin;
    loop_refresh(&sb->loop);
    return spec_complete(spec, &sb->super.report, &plugin->terms, e);
}

bool sandbox_warm(struct sandbox *sb, const struct attempt_spec *given, uint32_t count,
                  struct err *e)
{
    struct attempt_spec spec = *given;
    struct plugin *plugin;

    if (!accept_spec(sb, &spec, &plugin, e))
        return false;
    pool_warm(pool_of(&sb->pools, plugin, &spec), count);
    return true;
}

bool sandbox_attempt_start(struct sandbox *sb, const struct attempt_spec *given, uint64_t *ret_id,
                           int *ret_secret_fd, struct err *e)
{
    struct attempt_spec spec = *given;
    auto_done(buf) input = {0};
    struct plugin *plugin;
    struct attempt *a;
    struct pool *pool;

    if (sb->attempts.count >= sb->attempts_max)
        return err_set(e, ERR_LIMIT, "%u attempts run or wait", sb->attempts.count);
    if (!accept_spec(sb, &spec, &plugin, e) || !spec_pack(&spec, &input, e))
        return false;
    pool = pool_of(&sb->pools, plugin, &spec);
    a = attempt_new(&sb->attempts, super_next_id(&sb->super), &spec, &input);
    if (!pool_admit(pool, a, ret_secret_fd, e)) {
        attempt_free(a);
        return false;
    }
    *ret_id = a->id;
    return true;
}

/* True when it had not begun, and is ended now. */
static bool cancel_waiting(struct sandbox *sb, struct attempt *a)
{
    if (a->outcome != OUTCOME_INVALID || a->reading)
        return true;
    if (a->slot == NULL)
        attempt_gave_up(a, OUTCOME_CANCELLED, "cancelled before it began");
    else if (a->slot->state < SLOT_RUNNING)
        slot_abandon(a->slot, OUTCOME_CANCELLED, "cancelled before it began");
    else
        return false;
    loop_wake(&sb->loop);
    return true;
}

void sandbox_attempt_cancel(struct sandbox *sb, uint64_t id)
{
    struct attempt *a = attempt_find(&sb->attempts, id);

    if (a == NULL || cancel_waiting(sb, a))
        return;
    a->cancelled = true;
    /* Behind its input, or it would be read as a part of it. */
    if (a->input.data == NULL && !a->stop_sent)
        a->stop_sent = channel_send(&a->slot->channel, ATTEMPT_STOP);
}

void sandbox_attempt_kill(struct sandbox *sb, uint64_t id)
{
    struct attempt *a = attempt_find(&sb->attempts, id);

    if (a == NULL || cancel_waiting(sb, a))
        return;
    slot_kill(a->slot, KILL_CANCEL);
}

pid_t sandbox_attempt_pid(struct sandbox *sb, uint64_t id)
{
    const struct attempt *a = attempt_find(&sb->attempts, id);
    pid_t pid = 0, parent;

    if (a == NULL || a->slot == NULL || a->started_ns == 0 || a->slot->process.fd < 0 ||
        !pidfd_ids(a->slot->process.fd, &pid, &parent))
        return 0;
    return pid;
}

/* ---- start, end ---- */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static struct sandbox *sandbox_new(const struct sandbox_options *given,
                                   const struct sandbox_events *callbacks, void *arg)
{
    struct sandbox *sb = mem_new(struct sandbox);
    struct sandbox_options options = *given;

    options.spares_max = or_default(given->spares_max, SPARES_MAX_DEFAULT);
    options.spares_min = or_default(given->spares_min, SPARES_MIN_DEFAULT);
    options.zygotes_max = or_default(given->zygotes_max, ZYGOTES_MAX_DEFAULT);
    options.load_ms = or_default(given->load_ms, LOAD_MS_DEFAULT);
    sb->callbacks = *callbacks;
    sb->arg = arg;
    sb->attempts_max = or_default(given->attempts_max, ATTEMPTS_MAX_DEFAULT);
    loop_init(&sb->loop);
    sb->json.fd = -1;
    super_init(&sb->super, &sb->loop, heard, sb);
    events_init(&sb->events);
    attempts_init(&sb->attempts, &sb->counts);
    domains_init(&sb->domains, &sb->loop, &sb->super, &sb->counts, options.load_ms);
    slots_init(&sb->slots, &sb->loop, &sb->super, &sb->counts, &sb->events, &process_handlers);
    pools_init(&sb->pools, &sb->domains, &sb->slots, &options);
    plugins_init(&sb->plugins, &sb->pools, &sb->events);
    return sb;
}

static void on_json(struct watch *w, uint32_t events)
{
    struct sandbox *sb = w->owner;

    (void)events;
    json_thread_turn(sb->attempts.json);
}

static bool open_json(struct sandbox *sb, struct err *e)
{
    int fd;

    if (!json_thread_start(&sb->attempts.json, e))
        return false;
    fd = fcntl(json_thread_fd(sb->attempts.json), F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(e, "watch the thread that reads JSON");
    watch_add(&sb->loop, &sb->json, fd, EPOLLIN, on_json, sb);
    return true;
}

bool sandbox_begin(const struct sandbox_options *options, const struct sandbox_events *callbacks,
                   void *arg, struct sandbox **ret, struct err *e)
{
    auto_obj(sandbox) sb = sandbox_new(options, callbacks, arg);

    if (!loop_open(&sb->loop, e) || !slots_open(&sb->slots, e) ||
        !super_begin(&sb->super, options, e))
        return false;
    *ret = take(sb);
    return true;
}

bool sandbox_await(struct sandbox *sb, struct err *e)
{
    if (!super_hear_hello(&sb->super, e) || !open_json(sb, e))
        return false;
    sb->loop.now_ns = clock_mono_ns();
    return true;
}

bool sandbox_start(const struct sandbox_options *options, const struct sandbox_events *callbacks,
                   void *arg, struct sandbox **ret, struct err *e)
{
    auto_obj(sandbox) sb = NULL;

    if (!sandbox_begin(options, callbacks, arg, &sb, e) || !sandbox_await(sb, e))
        return false;
    *ret = take(sb);
    return true;
}

static void free_parts(struct sandbox *sb)
{
    struct domain *domain;
    struct attempt *a;
    struct pool *pool;

    while ((pool = TAILQ_FIRST(&sb->pools.list)) != NULL)
        pool_free(pool);
    while ((domain = TAILQ_FIRST(&sb->domains.list)) != NULL)
        domain_free(domain);
    plugins_done(&sb->plugins);
    json_thread_free(sb->attempts.json);
    while ((a = TAILQ_FIRST(&sb->attempts.reading)) != NULL)
        attempt_free(a);
    while ((a = attempts_next_done(&sb->attempts)) != NULL)
        attempt_free(a);
    events_done(&sb->events);
    slots_close(&sb->slots);
}

void sandbox_free(struct sandbox *sb)
{
    if (sb == NULL)
        return;
    super_stop(&sb->super);
    free_parts(sb);
    super_await(&sb->super);
    watch_close(&sb->json);
    loop_close(&sb->loop);
    free(sb);
}
