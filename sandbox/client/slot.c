/* slot.c -- one process from SPAWN to its end, whether an attempt ever used it or not. */
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/client/internal.h"
#include "sandbox/kernel/pidfd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- birth ---- */

struct ends {
    int channel[2], out[2], err[2], secret[2]; /* [0]: ours, but for the secrets pipe's [1] */
};

static void ends_done(struct ends *ends)
{
    for (int *fd = (int *)ends; fd < (int *)(ends + 1); fd++)
        if (*fd >= 0)
            close(*fd);
}
DEFINE_AUTO_DONE(ends)

static bool ends_open(struct ends *ends, bool has_secrets, struct err *e)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends->channel) < 0 ||
        pipe2(ends->out, O_CLOEXEC) < 0 || pipe2(ends->err, O_CLOEXEC) < 0 ||
        (has_secrets && pipe2(ends->secret, O_CLOEXEC) < 0))
        return err_sys(e, "open an attempt's channels");
    /* Non-blocking is a property of an open end: ours only. */
    return fd_set_nonblock(ends->channel[0], e) && fd_set_nonblock(ends->out[0], e) &&
           fd_set_nonblock(ends->err[0], e);
}

static struct slot_bucket *bucket(struct sandbox *sb, uint64_t id)
{
    return &sb->slots[id % HASH_BUCKETS];
}

bool slot_make(struct sandbox *sb, struct pool *pool, struct slot **ret, struct err *e)
{
    auto_done(ends) ends = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
    struct slot *slot;

    if (!ends_open(&ends, pool->has_secrets, e))
        return false;
    slot = mem_new(struct slot);
    slot->id = sb->next_id++;
    slot->pool = pool;
    slot->state = SLOT_MADE;
    slot->process.fd = -1;
    slot->secret_fd = take_fd(&ends.secret[1]);
    memcpy(slot->theirs,
           (int[4]){take_fd(&ends.channel[1]), take_fd(&ends.out[1]), take_fd(&ends.err[1]),
                    take_fd(&ends.secret[0])},
           sizeof slot->theirs);
    watch_add(sb, &slot->channel, take_fd(&ends.channel[0]), EPOLLIN, channel_ready_fd, slot);
    watch_add(sb, &slot->out, take_fd(&ends.out[0]), EPOLLIN, stream_ready_fd, slot);
    watch_add(sb, &slot->err, take_fd(&ends.err[0]), EPOLLIN, stream_ready_fd, slot);
    TAILQ_INSERT_TAIL(&pool->starting, slot, link);
    TAILQ_INSERT_HEAD(bucket(sb, slot->id), slot, hash_link);
    pool->starting_count++;
    sb->counts.spares_starting++;
    sb->slot_count++;
    *ret = slot;
    return true;
}

void slot_order(struct sandbox *sb, struct slot *slot, struct zyg *z)
{
    const struct pool *pool = slot->pool;
    struct spawn_request request = {
        .zygote = z->id,
        .memory_bytes = pool->limits.memory_bytes,
        .cpu_ms = pool->limits.cpu_ms,
        .threads_max = pool->limits.threads_max,
        .has_secrets = pool->has_secrets,
    };

    assert(slot->state == SLOT_MADE);
    slot->zyg = z;
    z->spawning++;
    z->spawned++;
    slot->state = SLOT_SPAWNING;
    slot->deadline_ns = sb->now_ns + SPAWN_NS;
    timer_at(sb, slot->deadline_ns);
    tell_super(sb, MSG_SPAWN, slot->id, &request, sizeof request, slot->theirs,
               pool->has_secrets ? 4 : 3);
    memset(slot->theirs, -1, sizeof slot->theirs);
}

struct slot *slot_find(struct sandbox *sb, uint64_t id)
{
    struct slot *slot;

    TAILQ_FOREACH (slot, bucket(sb, id), hash_link)
        if (slot->id == id)
            return slot;
    return NULL;
}

static void spawn_answered(struct sandbox *sb, struct slot *slot)
{
    if (slot->answered || slot->zyg == NULL)
        return;
    slot->answered = true;
    slot->zyg->spawning--;
    /* Its one attempt has it now; when that ends, so does all of it. */
    if (slot->pool->domain->isolation == ISOLATION_EXEC)
        zygote_retire(sb, slot->zyg, false);
}

static void on_process(struct sandbox *sb, struct watch *w, uint32_t events);

void slot_spawned(struct sandbox *sb, struct slot *slot, uint32_t layers, int pidfd)
{
    if (slot->state != SLOT_SPAWNING) {
        close(pidfd);
        return;
    }
    spawn_answered(sb, slot);
    slot->layers = layers & OUTER_LAYERS;
    watch_add(sb, &slot->process, pidfd, EPOLLIN, on_process, slot);
    slot->state = SLOT_CONFINING;
    if (slot->seen.killed != KILL_NONE)
        tell_super(sb, MSG_KILL, slot->id, NULL, 0, NULL, 0);
    else if (!channel_send(slot, ATTEMPT_GO))
        slot_kill(sb, slot, KILL_INFRA);
}

/* The supervisor has forgotten it already. */
void slot_spawn_failed(struct sandbox *sb, struct slot *slot, const char *why)
{
    struct pool *pool = slot->pool;
    bool retired = slot->zyg == NULL || slot->zyg->state == ZYG_STOPPING;

    if (slot->state != SLOT_SPAWNING)
        return;
    spawn_answered(sb, slot);
    slot_abandon(sb, slot, OUTCOME_INFRA, why);
    if (!retired)
        pool_failed(sb, pool, why);
    pool_pump(sb, pool);
}

void slot_abandon(struct sandbox *sb, struct slot *slot, enum outcome outcome, const char *why)
{
    struct attempt *a = slot->attempt;
    uint32_t answer = 0;

    slot->attempt = NULL;
    if (a != NULL) {
        a->slot = NULL;
        attempt_gave_up(sb, a, outcome, why);
    }
    if (slot->process.fd >= 0 || slot->exit_seen) {
        slot_kill(sb, slot, KILL_INFRA); /* forgotten when its exit is told */
        return;
    }
    if (slot->state == SLOT_SPAWNING) {
        spawn_answered(sb, slot); /* it will be, to nobody */
        tell_super(sb, MSG_RELEASE, slot->id, &answer, sizeof answer, NULL, 0);
    }
    slot_free(sb, slot);
}

void slot_ready(struct sandbox *sb, struct slot *slot, uint32_t layers)
{
    struct pool *pool = slot->pool;

    assert(slot->state == SLOT_CONFINING);
    slot->layers |= layers & INNER_LAYERS;
    slot->state = SLOT_READY;
    slot->deadline_ns = 0;
    TAILQ_REMOVE(&pool->starting, slot, link);
    pool->starting_count--;
    sb->counts.spares_starting--;
    TAILQ_INSERT_TAIL(&pool->ready, slot, link);
    pool->ready_count++;
    sb->counts.spares_ready++;
    pool->failures = 0;
    if (slot->attempt != NULL)
        slot_bind(sb, slot, slot->attempt);
    pool_pump(sb, pool);
}

/* ---- use ---- */

static void leave_ready(struct sandbox *sb, struct slot *slot)
{
    TAILQ_REMOVE(&slot->pool->ready, slot, link);
    slot->pool->ready_count--;
    sb->counts.spares_ready--;
}

void slot_bind(struct sandbox *sb, struct slot *slot, struct attempt *a)
{
    struct pool *pool = slot->pool;

    assert(slot->state == SLOT_READY && slot->seen.killed == KILL_NONE);
    leave_ready(sb, slot);
    slot->state = SLOT_RUNNING;
    TAILQ_INSERT_TAIL(&pool->running, slot, link);
    pool->running_count++;
    sb->counts.attempts_running++;
    if (slot->attempt != NULL)
        sb->counts.attempts_waiting--; /* it waited reserved, not in the queue */
    slot->attempt = a;
    a->slot = slot;
    a->layers = slot->layers;
    a->started_ns = clock_mono_ns();
    pool->used_ns = pool->domain->used_ns = a->started_ns;
    if (!attempt_accepts(a, slot->layers)) {
        slot_kill(sb, slot, KILL_MASK);
        return;
    }
    slot->seen.entered = true;
    attempt_begun(sb, a);
    if (a->deadline_ns != 0)
        timer_at(sb, a->deadline_ns);
    channel_send_input(sb, slot);
}

void slot_kill(struct sandbox *sb, struct slot *slot, enum kill_reason reason)
{
    if (slot->seen.killed != KILL_NONE || slot->exit_seen)
        return;
    slot->seen.killed = reason;
    slot->deadline_ns = sb->now_ns + LOST_NS;
    timer_at(sb, slot->deadline_ns);
    if (slot->state == SLOT_READY) {
        /* Out of reach of those who wait. */
        leave_ready(sb, slot);
        TAILQ_INSERT_TAIL(&slot->pool->starting, slot, link);
        slot->pool->starting_count++;
        sb->counts.spares_starting++;
        slot->state = SLOT_CONFINING;
    }
    if (slot->state != SLOT_SPAWNING)
        tell_super(sb, MSG_KILL, slot->id, NULL, 0, NULL, 0);
}

/* ---- end ---- */

static void spare_died(struct sandbox *sb, struct slot *slot)
{
    struct pool *pool = slot->pool;
    bool on_purpose = slot->seen.killed != KILL_NONE;
    uint32_t answer = 0;
    char why[128];

    snprintf(why, sizeof why, "a process ended while it confined itself: status %#x",
             (unsigned)slot->wait_status);
    tell_super(sb, MSG_RELEASE, slot->id, &answer, sizeof answer, NULL, 0);
    watch_close(sb, &slot->process);
    slot->exit_seen = false;
    slot_abandon(sb, slot, OUTCOME_INFRA, why);
    if (!on_purpose)
        pool_failed(sb, pool, why);
    pool_pump(sb, pool);
}

/* After a crash the address space layout of all that the zygote forks may be known. */
static void spoil_zygote(struct sandbox *sb, struct slot *slot)
{
    int signal = slot->seen.signal;
    bool crashed = signal != 0 && signal != SIGKILL && signal != SIGXCPU && signal != SIGPROF;

    if (crashed && slot->zyg != NULL)
        zygote_retire(sb, slot->zyg, true);
}

static void running_ended(struct sandbox *sb, struct slot *slot)
{
    struct pool *pool = slot->pool;

    attempt_ended(sb, slot->attempt, &slot->seen);
    slot_free(sb, slot);
    pool_pump(sb, pool);
}

/* Exit status known, or given up on. */
static void ended(struct sandbox *sb, struct slot *slot)
{
    uint32_t answer;

    if (slot->state != SLOT_RUNNING) {
        spare_died(sb, slot);
        return;
    }
    assert(slot->attempt != NULL);
    slot->seen.exit_known = slot->exit_known;
    slot->seen.signal = WIFSIGNALED(slot->wait_status) ? WTERMSIG(slot->wait_status) : 0;
    slot->seen.exit_code = WIFEXITED(slot->wait_status) ? WEXITSTATUS(slot->wait_status) : -1;
    slot->attempt->ended_ns = clock_mono_ns();
    channel_drain(sb, slot);
    stream_drain(sb, slot);
    spoil_zygote(sb, slot);
    answer = slot->seen.signal == SIGKILL &&
             (slot->seen.killed == KILL_NONE || slot->seen.killed == KILL_MEMORY);
    tell_super(sb, MSG_RELEASE, slot->id, &answer, sizeof answer, NULL, 0);
    if (answer == 0) {
        running_ended(sb, slot);
        return;
    }
    slot->state = SLOT_RELEASING;
    slot->deadline_ns = sb->now_ns + LOST_NS;
    timer_at(sb, slot->deadline_ns);
}

static void on_process(struct sandbox *sb, struct watch *w, uint32_t events)
{
    struct slot *slot = w->owner;

    (void)events;
    if ((slot->layers & LAYER_EXIT_INFO) == 0) {
        /* init's word is on its way. */
        slot->exit_seen = true;
        slot->deadline_ns = sb->now_ns + EXIT_WORD_NS;
        timer_at(sb, slot->deadline_ns);
        watch_close(sb, w);
        return;
    }
    switch (pidfd_exit_status(w->fd, &slot->wait_status)) {
    case PIDFD_RUNNING:
        /* Dead but not reaped: the hang-up that follows cannot be switched off. */
        watch_events(sb, w, 0);
        return;
    case PIDFD_EXITED:
        slot->exit_known = true;
        break;
    default:
        break;
    }
    slot->exit_seen = true;
    watch_close(sb, w);
    ended(sb, slot);
}

void slot_exited(struct sandbox *sb, struct slot *slot, int wait_status)
{
    if (slot->state == SLOT_RELEASING || slot->state == SLOT_DEAD || slot->exit_known)
        return;
    slot->wait_status = wait_status;
    slot->exit_known = slot->exit_seen = true;
    watch_close(sb, &slot->process);
    ended(sb, slot);
}

void slot_released(struct sandbox *sb, struct slot *slot, uint64_t oom_kills, uint64_t peak)
{
    if (slot->state != SLOT_RELEASING)
        return;
    slot->seen.oom_kills = oom_kills;
    slot->attempt->memory_peak = peak;
    running_ended(sb, slot);
}

/* ---- timers ---- */

/* Past its own deadline: a process that did not come up, did not die, or was not reported. */
static void slot_overdue(struct sandbox *sb, struct slot *slot)
{
    switch (slot->state) {
    case SLOT_SPAWNING:
        slot_spawn_failed(sb, slot, "the supervisor did not answer");
        return;
    case SLOT_RELEASING:
        running_ended(sb, slot);
        return;
    default:
        break;
    }
    if (slot->seen.killed == KILL_NONE && !slot->exit_seen) {
        slot_kill(sb, slot, KILL_INFRA); /* CONFINING for too long */
        return;
    }
    slot->seen.lost = !slot->exit_seen;
    ended(sb, slot);
}

static void slot_turn(struct sandbox *sb, struct slot *slot)
{
    const struct attempt *a = slot->attempt;

    if (a != NULL && a->deadline_ns != 0 && slot->seen.killed == KILL_NONE && !slot->exit_seen) {
        if (sb->now_ns < a->deadline_ns) {
            timer_at(sb, a->deadline_ns);
        } else if (slot->state == SLOT_RUNNING) {
            slot_kill(sb, slot, KILL_DEADLINE);
        } else {
            slot_abandon(sb, slot, OUTCOME_TIMEOUT, "the deadline passed before it could start");
            return;
        }
    }
    if (slot->deadline_ns == 0)
        return;
    if (sb->now_ns >= slot->deadline_ns)
        slot_overdue(sb, slot);
    else
        timer_at(sb, slot->deadline_ns);
}

void slots_turn(struct sandbox *sb, struct pool *pool)
{
    struct slot_list *const lists[] = {&pool->starting, &pool->running};
    struct slot *slot, *next;

    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        for (slot = TAILQ_FIRST(lists[i]); slot != NULL; slot = next) {
            next = TAILQ_NEXT(slot, link);
            slot_turn(sb, slot);
        }
}

/* Takes it out of every list; the memory stays until the end of the turn. */
void slot_free(struct sandbox *sb, struct slot *slot)
{
    struct pool *pool = slot->pool;

    switch (slot->state) {
    case SLOT_MADE:
    case SLOT_SPAWNING:
    case SLOT_CONFINING:
        TAILQ_REMOVE(&pool->starting, slot, link);
        pool->starting_count--;
        sb->counts.spares_starting--;
        break;
    case SLOT_READY:
        leave_ready(sb, slot);
        break;
    default:
        assert(slot->state == SLOT_RUNNING || slot->state == SLOT_RELEASING);
        TAILQ_REMOVE(&pool->running, slot, link);
        pool->running_count--;
        sb->counts.attempts_running--;
    }
    TAILQ_REMOVE(bucket(sb, slot->id), slot, hash_link);
    watch_close(sb, &slot->channel);
    watch_close(sb, &slot->out);
    watch_close(sb, &slot->err);
    watch_close(sb, &slot->process);
    if (slot->secret_fd >= 0)
        close(take_fd(&slot->secret_fd));
    for (size_t i = 0; i < ARRAY_LEN(slot->theirs); i++)
        if (slot->theirs[i] >= 0)
            close(slot->theirs[i]);
    sb->slot_count--;
    slot->state = SLOT_DEAD;
    TAILQ_INSERT_TAIL(&sb->dead_slots, slot, link);
}

void slots_bury(struct sandbox *sb)
{
    struct slot *slot;

    while ((slot = TAILQ_FIRST(&sb->dead_slots)) != NULL) {
        TAILQ_REMOVE(&sb->dead_slots, slot, link);
        free(slot);
    }
}
