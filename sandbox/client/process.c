/* process.c -- see process.h. */
#include "sandbox/client/process.h"

#include "base/clock.h"
#include "sandbox/client/channel.h"
#include "sandbox/client/plugin.h"
#include "sandbox/client/spare.h"
#include "sandbox/client/stream.h"
#include "sandbox/client/supply.h"
#include "sandbox/kernel/pidfd.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PACKETS_A_TURN = 16, READS_A_TURN = 8 };

static struct loop *loop_of(const struct slot *slot)
{
    return slot->set->home->loop;
}

/* ---- the channel ---- */

/* False: what follows is for nobody. */
static bool take_packet(struct slot *slot, const struct attempt_packet *packet, size_t n)
{
    bool used = slot->state == SLOT_RUNNING;

    if (n > 0 &&
        (used ? channel_take(slot->attempt, packet, n, slot->set->home->events, &slot->seen)
              : spare_said(slot, packet, n)))
        return slot->channel.fd >= 0;
    watch_close(&slot->channel); /* no further word is wanted, or there is none */
    if (used && n > 0) {
        slot->seen.frame_bad = true;
        slot_kill(slot, KILL_PROTOCOL);
    }
    return false;
}

/* False when there is nothing more to read for now. */
static bool read_packets(struct slot *slot)
{
    struct channel_in *in = &slot->set->home->in;
    bool more = channel_read(&slot->channel, in);

    for (size_t i = 0; i < in->count && more; i++)
        more = take_packet(slot, &in->packets[i], in->bytes[i]);
    return more;
}

static void on_channel(struct watch *w, uint32_t events)
{
    struct slot *slot = slot_of(w);

    assert(w == &slot->channel);
    if ((events & EPOLLOUT) != 0 && slot->attempt != NULL)
        channel_send_input(loop_of(slot), w, slot->attempt);
    /* Whatever is left makes it ready again. */
    for (int i = 0; i < PACKETS_A_TURN && slot->state != SLOT_DEAD; i += CHANNEL_PACKETS)
        if (!read_packets(slot) || slot->set->home->in.count < CHANNEL_PACKETS)
            return;
}

/* ---- stdout, stderr ---- */

static bool read_stream(struct slot *slot, struct watch *w)
{
    enum attempt_stream which = w == &slot->out ? STREAM_STDOUT : STREAM_STDERR;
    struct slots *home = slot->set->home;
    struct attempt *a = slot->state < SLOT_RUNNING ? NULL : slot->attempt;

    return stream_read(&(struct stream_pipe){
        .watch = w,
        .null_fd = home->null_fd,
        .withheld = slot->set->has_secrets,
        .early_bytes = &slot->early_bytes,
        .speaker = {home->events, a != NULL ? a->id : 0, which,
                    a != NULL ? &a->streams[which] : NULL},
    });
}

static void on_stream(struct watch *w, uint32_t events)
{
    struct slot *slot = slot_of(w);

    assert(w == &slot->out || w == &slot->err);
    if (events == EPOLLHUP) { /* all of it was read, and nobody is left to write */
        watch_close(w);
        return;
    }
    for (int i = 0; i < READS_A_TURN && read_stream(slot, w); i++)
        ;
    if (slot->state < SLOT_RUNNING)
        spare_wrote(slot);
}

/* ---- the exit ---- */

/* The process is gone: what it left in the channel and in its two pipes is bounded by them. */
static void drain_channel(struct slot *slot)
{
    while (slot->state != SLOT_RELEASING && read_packets(slot))
        ;
}

static void drain_streams(struct slot *slot)
{
    while (read_stream(slot, &slot->out))
        ;
    while (read_stream(slot, &slot->err))
        ;
}

static void end_streams(struct slot *slot)
{
    for (int which = STREAM_LOG; which <= STREAM_STDERR; which++)
        stream_end(&(struct speaker){slot->set->home->events, slot->attempt->id,
                                     (enum attempt_stream)which, &slot->attempt->streams[which]});
}

/* After a crash the address space layout of all that the zygote forks may be known, to whoever is
 * behind the plugin. */
static void running_ended(struct slot *slot)
{
    struct pool *pool = slot->set->pool;
    struct attempt *a = slot->attempt;

    assert(a != NULL);
    if (slot->seen.call_known && slot->seen.signal == SIGKILL && slot->seen.killed == KILL_NONE)
        slot->seen.signal = SIGSYS; /* as where its own filter killed it */
    if (slot->orphaned && slot->seen.signal == SIGKILL && slot->seen.killed == KILL_NONE)
        slot->seen.killed = KILL_INFRA; /* the end of its init took it along */
    end_streams(slot);
    attempt_ended(a, &slot->seen);
    if (slot->zyg != NULL &&
        (a->outcome == OUTCOME_CRASH || a->outcome == OUTCOME_POLICY_VIOLATION))
        supply_spoil(pool->home, slot->zyg, pool);
    if (slot->seen.frame_complete && !slot->seen.frame_bad)
        plugin_served(pool->plugin);
    slot_free(slot);
    pool_pump(pool);
}

/* Exit status known, or given up on. */
static void ended(struct slot *slot)
{
    bool ask;

    if (slot->state != SLOT_RUNNING) {
        drain_channel(slot);
        spare_ended(slot);
        return;
    }
    assert(slot->attempt != NULL);
    slot->seen.exit_known = slot->exit_known;
    slot->seen.signal = WIFSIGNALED(slot->wait_status) ? WTERMSIG(slot->wait_status) : 0;
    slot->seen.exit_code = WIFEXITED(slot->wait_status) ? WEXITSTATUS(slot->wait_status) : -1;
    slot->attempt->ended_ns = clock_mono_ns();
    drain_channel(slot);
    drain_streams(slot);
    ask = slot->seen.signal == SIGKILL &&
          (slot->seen.killed == KILL_NONE || slot->seen.killed == KILL_MEMORY);
    slot_release(slot, ask);
    if (!ask) {
        running_ended(slot);
        return;
    }
    slot->state = SLOT_RELEASING;
    slot_deadline_in(slot, LOST_NS);
}

static void on_process(struct watch *w, uint32_t events)
{
    struct slot *slot = slot_of(w);

    assert(w == &slot->process && !slot->exit_seen && slot->state >= SLOT_LOADING);
    (void)events;
    if ((slot->layers & LAYER_EXIT_INFO) == 0) {
        /* init's word is on its way. */
        slot->exit_seen = true;
        slot_deadline_in(slot, EXIT_WORD_NS);
        watch_close_shared(loop_of(slot), w);
        return;
    }
    switch (pidfd_exit_status(w->fd, &slot->wait_status)) {
    case PIDFD_RUNNING:
        /* Dead but not reaped: the hang-up that follows cannot be switched off. */
        watch_events(loop_of(slot), w, EPOLLONESHOT);
        return;
    case PIDFD_EXITED:
        slot->exit_known = true;
        break;
    default:
        break;
    }
    slot->exit_seen = true;
    watch_close_shared(loop_of(slot), w);
    ended(slot);
}

const struct slot_handlers process_handlers = {
    .channel = on_channel,
    .stream = on_stream,
    .process = on_process,
};

/* ---- the supervisor's words ---- */

static void spawned(struct slot *slot, struct frame_in *in)
{
    uint32_t layers;

    if (slot->state != SLOT_SPAWNING)
        return; /* said twice: its pidfd is closed with the frame */
    memcpy(&layers, in->frame.payload, sizeof layers);
    if (slot->zyg != NULL)
        backoff_reset(&slot->zyg->domain->backoff);
    slot_spawned(slot, layers, frame_take_fd(in, 0));
}

/* A zygote that was told to stop, or is known to be gone, is no failure of the pool's. One that
 * just died may still seem well: then the failure is taken back with the word of its end. */
static void not_spawned(struct slot *slot, const char *why)
{
    struct pool *pool = slot->set->pool;
    bool retired = slot->zyg == NULL || slot->zyg->state == ZYG_STOPPING;
    uint64_t zygote = retired ? 0 : slot->zyg->id;
    int64_t ordered_ns = slot->ordered_ns;

    slot_abandon(slot, OUTCOME_INFRA, why);
    if (!retired) {
        pool_failed(pool, ordered_ns, OUTCOME_INFRA, why);
        pool->blamed = zygote;
    }
    pool_pump(pool);
}

/* The supervisor has forgotten it already. */
static void spawn_failed(struct slot *slot, const char *why)
{
    if (slot->state != SLOT_SPAWNING)
        return;
    slot_spawn_answered(slot);
    not_spawned(slot, why);
}

/* init's word, where the kernel does not tell. */
static void exited(struct slot *slot, int wait_status)
{
    if (slot->state < SLOT_LOADING || slot->state == SLOT_RELEASING || slot->exit_known)
        return;
    slot->wait_status = wait_status;
    slot->exit_known = slot->exit_seen = true;
    watch_close_shared(loop_of(slot), &slot->process);
    ended(slot);
}

static void released(struct slot *slot, const struct frame *frame)
{
    uint64_t oom_kills_and_peak[2];

    memcpy(oom_kills_and_peak, frame->payload, sizeof oom_kills_and_peak);
    if (slot->state == SLOT_ENDING && slot->asked)
        spare_explained(slot, oom_kills_and_peak[0], oom_kills_and_peak[1]);
    if (slot->state != SLOT_RELEASING)
        return;
    slot->seen.oom_kills = oom_kills_and_peak[0];
    slot->attempt->memory_peak = oom_kills_and_peak[1];
    running_ended(slot);
}

/* The supervisor killed it. Its exit may be known already. */
static void over(struct slot *slot, enum kill_reason limit)
{
    if (slot->state == SLOT_RELEASING && slot->seen.killed == KILL_NONE)
        slot->seen.killed = limit;
    else if (slot->state >= SLOT_RUNNING)
        slot_kill(slot, limit);
    else if (slot->state >= SLOT_LOADING)
        spare_over(slot, limit);
}

/* The supervisor killed it, as its filter would have. What that means is said once it is gone. */
static void forbidden(struct slot *slot, const struct frame *frame)
{
    struct call call;

    memcpy(&call, frame->payload, sizeof call);
    slot->seen.call_known = true;
    slot->seen.call = call.number;
    slot->seen.call_foreign = call.foreign != 0;
}

void process_heard(struct slots *slots, struct frame_in *in)
{
    struct slot *slot = slot_find(slots, in->frame.id);
    char why[ERR_MSG_BYTES + 1];
    int status;

    if (slot == NULL)
        return;
    switch (in->frame.type) {
    case MSG_SPAWNED:
        spawned(slot, in);
        break;
    case MSG_SPAWN_FAILED:
        snprintf(why, sizeof why, "%.*s", (int)in->frame.payload_bytes,
                 (const char *)in->frame.payload);
        spawn_failed(slot, why);
        break;
    case MSG_EXITED:
        memcpy(&status, in->frame.payload, sizeof status);
        exited(slot, status);
        break;
    case MSG_OVER_MEMORY:
        over(slot, KILL_MEMORY);
        break;
    case MSG_OVER_CPU:
        over(slot, KILL_CPU);
        break;
    case MSG_FORBIDDEN:
        forbidden(slot, &in->frame);
        break;
    default:
        assert(in->frame.type == MSG_RELEASED);
        released(slot, &in->frame);
    }
}

/* ---- timers ---- */

/* Past its own deadline: a process that did not come up, did not die, or was not reported. */
static void overdue(struct slot *slot)
{
    bool living = slot->seen.killed == KILL_NONE && !slot->exit_seen;

    if (slot->state == SLOT_SPAWNING) {
        not_spawned(slot, "the supervisor did not answer");
    } else if (slot->state == SLOT_RELEASING) {
        running_ended(slot);
    } else if (slot->state == SLOT_ENDING && slot->asked) {
        spare_explained(slot, 0, 0);
    } else if (slot->state == SLOT_LOADING && living) {
        drain_channel(slot); /* it may have said so, and we were late */
        if (slot->state == SLOT_LOADING)
            spare_overdue(slot);
    } else {
        slot->seen.lost = !slot->exit_seen;
        ended(slot);
    }
}

static void process_turn(struct slot *slot)
{
    const struct attempt *a = slot->attempt;
    struct loop *loop = loop_of(slot);

    if (a != NULL && a->deadline_ns != 0 && slot->seen.killed == KILL_NONE && !slot->exit_seen) {
        if (loop->now_ns < a->deadline_ns) {
            loop_timer_at(loop, a->deadline_ns);
        } else if (slot->state == SLOT_RUNNING) {
            slot_kill(slot, KILL_DEADLINE);
        } else {
            slot_abandon(slot, OUTCOME_TIMEOUT, "the deadline passed before it could start");
            return;
        }
    }
    if (slot->deadline_ns == 0)
        return;
    if (loop->now_ns >= slot->deadline_ns)
        overdue(slot);
    else
        loop_timer_at(loop, slot->deadline_ns);
}

static void list_turn(struct slot_list *list)
{
    struct slot *slot, *next;

    for (slot = TAILQ_FIRST(list); slot != NULL; slot = next) {
        next = TAILQ_NEXT(slot, link);
        process_turn(slot);
        /* One that failed may take others of its pool with it. To look again at those that were
         * looked at does nothing. */
        if (next != NULL && next->state == SLOT_DEAD)
            next = TAILQ_FIRST(list);
    }
}

void processes_turn(struct pools *pools)
{
    struct pool *pool;

    TAILQ_FOREACH (pool, &pools->list, link) {
        list_turn(&pool->slots.starting);
        list_turn(&pool->slots.running);
    }
}

/* ---- the supervisor is gone ---- */

void processes_lost(struct pools *pools)
{
    struct pool *pool;
    struct slot *slot;

    TAILQ_FOREACH (pool, &pools->list, link) {
        struct slot_set *set = &pool->slots;

        pool_drop_waiting(pool, OUTCOME_INFRA, "the supervisor is gone");
        while ((slot = TAILQ_FIRST(&set->running)) != NULL) {
            drain_channel(slot);
            attempt_gave_up(slot->attempt, OUTCOME_INFRA, "the supervisor is gone");
            slot_free(slot);
        }
        while ((slot = TAILQ_FIRST(&set->ready)) != NULL)
            slot_free(slot);
        while ((slot = TAILQ_FIRST(&set->starting)) != NULL)
            slot_free(slot);
    }
}
