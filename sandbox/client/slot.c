/* slot.c -- see slot.h. */
#include "sandbox/client/slot.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/client/channel.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOT_MAGIC 0x51075107u

void slots_init(struct slots *slots, struct loop *loop, struct super_link *super,
                struct sandbox_counts *counts, struct events *events,
                const struct slot_handlers *handlers)
{
    slots->loop = loop;
    slots->super = super;
    slots->counts = counts;
    slots->events = events;
    slots->handlers = *handlers;
    slots->null_fd = -1;
    TAILQ_INIT(&slots->dead);
    for (size_t i = 0; i < ARRAY_LEN(slots->buckets); i++)
        TAILQ_INIT(&slots->buckets[i]);
}

bool slots_open(struct slots *slots, struct err *e)
{
    slots->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return slots->null_fd >= 0 || err_sys(e, "open /dev/null");
}

void slots_close(struct slots *slots)
{
    slots_bury(slots);
    if (slots->null_fd >= 0)
        close(take_fd(&slots->null_fd));
}

void slots_bury(struct slots *slots)
{
    struct slot *slot;

    while ((slot = TAILQ_FIRST(&slots->dead)) != NULL) {
        TAILQ_REMOVE(&slots->dead, slot, link);
        slot->magic = 0;
        free(slot);
    }
}

void slot_set_init(struct slot_set *set, struct slots *home, struct pool *pool)
{
    set->home = home;
    set->pool = pool;
    TAILQ_INIT(&set->starting);
    TAILQ_INIT(&set->ready);
    TAILQ_INIT(&set->running);
}

/* ---- find ---- */

struct slot *slot_of(const struct watch *w)
{
    struct slot *slot = w->owner;

    assert(slot->magic == SLOT_MAGIC && slot->state < SLOT_DEAD);
    return slot;
}

static struct slot_bucket *bucket(struct slots *slots, uint64_t id)
{
    return &slots->buckets[id % SLOT_BUCKETS];
}

struct slot *slot_find(struct slots *slots, uint64_t id)
{
    struct slot *slot;

    TAILQ_FOREACH (slot, bucket(slots, id), hash_link)
        if (slot->id == id)
            return slot;
    return NULL;
}

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

/* Each call on ours says that it does not wait: O_NONBLOCK would be two more for each, since theirs
 * has to wait. */
static bool ends_open(struct ends *ends, bool has_secrets, struct err *e)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends->channel) < 0 ||
        pipe2(ends->out, O_CLOEXEC) < 0 || pipe2(ends->err, O_CLOEXEC) < 0 ||
        (has_secrets && pipe2(ends->secret, O_CLOEXEC) < 0))
        return err_sys(e, "open an attempt's channels");
    return true;
}

static void watch_ends(struct slot *slot, struct ends *ends)
{
    struct slots *home = slot->set->home;

    slot->channel.fd = take_fd(&ends->channel[0]); /* watched from SPAWNED on */
    watch_add(home->loop, &slot->out, take_fd(&ends->out[0]), EPOLLIN, home->handlers.stream, slot);
    watch_add(home->loop, &slot->err, take_fd(&ends->err[0]), EPOLLIN, home->handlers.stream, slot);
    slot->process.fd = -1;
}

static void join_starting(struct slot *slot)
{
    TAILQ_INSERT_TAIL(&slot->set->starting, slot, link);
    slot->set->starting_count++;
    slot->set->home->counts->spares_starting++;
}

bool slot_make(struct slot_set *set, struct slot **ret, struct err *e)
{
    auto_done(ends) ends = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
    struct slots *home = set->home;
    struct slot *slot;

    if (!ends_open(&ends, set->has_secrets, e))
        return false;
    slot = mem_new(struct slot);
    slot->magic = SLOT_MAGIC;
    slot->id = super_next_id(home->super);
    slot->set = set;
    slot->state = SLOT_MADE;
    slot->secret_fd = take_fd(&ends.secret[1]);
    memcpy(slot->theirs,
           (int[4]){take_fd(&ends.channel[1]), take_fd(&ends.out[1]), take_fd(&ends.err[1]),
                    take_fd(&ends.secret[0])},
           sizeof slot->theirs);
    watch_ends(slot, &ends);
    join_starting(slot);
    TAILQ_INSERT_HEAD(bucket(home, slot->id), slot, hash_link);
    home->count++;
    *ret = slot;
    return true;
}

void slot_deadline_in(struct slot *slot, int64_t ns)
{
    struct loop *loop = slot->set->home->loop;

    slot->deadline_ns = loop->now_ns + ns;
    loop_timer_at(loop, slot->deadline_ns);
}

/* Those that there are, in their order. */
static uint32_t take_theirs(struct slot *slot, int fds[FRAME_FDS_MAX])
{
    uint32_t count = 0;

    for (size_t i = 0; i < ARRAY_LEN(slot->theirs); i++)
        if (slot->theirs[i] >= 0)
            fds[count++] = take_fd(&slot->theirs[i]);
    return count;
}

void slot_order(struct slot *slot, struct zyg *z)
{
    const struct slot_set *set = slot->set;
    struct spawn_request request = {
        .zygote = z->id,
        .memory_bytes = set->limits.memory_bytes,
        .cpu_ms = set->limits.cpu_ms,
        .threads_max = set->limits.threads_max,
        .flags = (set->has_secrets ? SPAWN_SECRETS : 0u) | (set->so != NULL ? SPAWN_LOAD : 0u) |
                 (set->describes ? SPAWN_DESCRIBE : 0u),
    };
    int fds[FRAME_FDS_MAX];
    struct frame frame = {.type = MSG_SPAWN,
                          .id = slot->id,
                          .payload = &request,
                          .payload_bytes = sizeof request,
                          .fds = fds};

    assert(slot->state == SLOT_MADE);
    zygote_asked(z);
    slot->zyg = z;
    slot->state = SLOT_SPAWNING;
    slot->ordered_ns = set->home->loop->now_ns;
    slot_deadline_in(slot, SPAWN_NS);
    frame.fd_count = take_theirs(slot, fds);
    super_tell_frame(set->home->super, &frame, set->so);
}

void slot_spawn_answered(struct slot *slot)
{
    if (slot->answered)
        return;
    slot->answered = true;
    if (slot->zyg != NULL)
        zygote_answered(slot->zyg);
}

void slot_spawned(struct slot *slot, uint32_t layers, int pidfd)
{
    struct slots *home = slot->set->home;

    assert(slot->state == SLOT_SPAWNING);
    slot_spawn_answered(slot);
    slot->layers = layers;
    watch_add(home->loop, &slot->process, pidfd, EPOLLIN | EPOLLONESHOT, home->handlers.process,
              slot);
    if (slot->seen.killed != KILL_NONE) {
        slot->state = SLOT_ENDING;
        super_tell(home->super, MSG_KILL, slot->id, NULL, 0, NULL, 0);
        return;
    }
    slot->state = SLOT_LOADING;
    /* Not before: it may be READY before we read that it was let go. */
    watch_add(home->loop, &slot->channel, take_fd(&slot->channel.fd), EPOLLIN,
              home->handlers.channel, slot);
    slot_deadline_in(slot, slot->set->load_ms * 1000000LL);
}

/* ---- a spare, then used ---- */

static void leave_starting(struct slot *slot)
{
    assert(slot->set->starting_count > 0);
    TAILQ_REMOVE(&slot->set->starting, slot, link);
    slot->set->starting_count--;
    slot->set->home->counts->spares_starting--;
}

static void leave_ready(struct slot *slot)
{
    assert(slot->set->ready_count > 0);
    TAILQ_REMOVE(&slot->set->ready, slot, link);
    slot->set->ready_count--;
    slot->set->home->counts->spares_ready--;
}

void slot_ready(struct slot *slot, uint32_t layers_said)
{
    assert(slot->state == SLOT_LOADING && slot->seen.killed == KILL_NONE);
    slot->layers_said = layers_said;
    slot->state = SLOT_READY;
    slot->was_ready = true;
    slot->deadline_ns = 0;
    leave_starting(slot);
    TAILQ_INSERT_TAIL(&slot->set->ready, slot, link);
    slot->set->ready_count++;
    slot->set->home->counts->spares_ready++;
}

void slot_ending(struct slot *slot)
{
    assert(slot->state == SLOT_LOADING || slot->state == SLOT_READY);
    if (slot->state == SLOT_READY) {
        leave_ready(slot);
        join_starting(slot);
    }
    slot->state = SLOT_ENDING;
}

static void join_running(struct slot *slot, struct attempt *a)
{
    struct sandbox_counts *counts = slot->set->home->counts;

    leave_ready(slot);
    slot->state = SLOT_RUNNING;
    TAILQ_INSERT_TAIL(&slot->set->running, slot, link);
    slot->set->running_count++;
    counts->attempts_running++;
    if (slot->attempt != NULL)
        counts->attempts_waiting--; /* it waited reserved, not in the queue */
    slot->attempt = a;
    a->slot = slot;
}

void slot_bind(struct slot *slot, struct attempt *a)
{
    struct loop *loop = slot->set->home->loop;

    assert(slot->state == SLOT_READY && slot->seen.killed == KILL_NONE);
    assert(slot->attempt == NULL || slot->attempt == a);
    assert(a->queue == NULL && a->outcome == OUTCOME_INVALID);
    join_running(slot, a);
    a->layers = slot->layers;
    a->layers_said = slot->layers_said;
    a->started_ns = clock_mono_ns();
    if (!attempt_accepts(a, slot->layers)) {
        slot_kill(slot, KILL_MASK);
        return;
    }
    slot->seen.entered = true;
    attempt_begun(a);
    if (a->deadline_ns != 0)
        loop_timer_at(loop, a->deadline_ns);
    channel_send_input(loop, &slot->channel, a);
}

/* ---- end ---- */

void slot_kill(struct slot *slot, enum kill_reason reason)
{
    if (slot->seen.killed != KILL_NONE || slot->exit_seen)
        return;
    slot->seen.killed = reason;
    /* Now, not when the turn began: a caller may come between two, long behind the last. */
    loop_refresh(slot->set->home->loop);
    slot_deadline_in(slot, LOST_NS);
    if (slot->state == SLOT_LOADING || slot->state == SLOT_READY)
        slot_ending(slot);
    if (slot->state != SLOT_SPAWNING) /* then it is told when there is something to kill */
        super_tell(slot->set->home->super, MSG_KILL, slot->id, NULL, 0, NULL, 0);
}

void slot_release(const struct slot *slot, bool wants_answer)
{
    uint32_t answer = wants_answer;

    super_tell(slot->set->home->super, MSG_RELEASE, slot->id, &answer, sizeof answer, NULL, 0);
}

void slot_abandon(struct slot *slot, enum outcome outcome, const char *why)
{
    struct attempt *a = slot->attempt;

    assert(slot->state < SLOT_RUNNING);
    slot->attempt = NULL;
    if (a != NULL) {
        a->slot = NULL;
        attempt_gave_up(a, outcome, why);
    }
    if (slot->process.fd >= 0 || slot->exit_seen) {
        slot_kill(slot, KILL_INFRA); /* forgotten when its exit is told */
        return;
    }
    if (slot->state == SLOT_SPAWNING && !slot->answered) {
        slot_spawn_answered(slot); /* it will be, to nobody */
        slot_release(slot, false);
    }
    slot_free(slot);
}

static void leave_lists(struct slot *slot)
{
    switch (slot->state) {
    case SLOT_MADE:
    case SLOT_SPAWNING:
    case SLOT_LOADING:
    case SLOT_ENDING:
        leave_starting(slot);
        break;
    case SLOT_READY:
        leave_ready(slot);
        break;
    default:
        assert(slot->state == SLOT_RUNNING || slot->state == SLOT_RELEASING);
        TAILQ_REMOVE(&slot->set->running, slot, link);
        slot->set->running_count--;
        slot->set->home->counts->attempts_running--;
    }
}

void slot_free(struct slot *slot)
{
    struct slots *home = slot->set->home;

    leave_lists(slot);
    TAILQ_REMOVE(bucket(home, slot->id), slot, hash_link);
    watch_close(&slot->channel);
    watch_close(&slot->out);
    watch_close(&slot->err);
    watch_close_shared(home->loop, &slot->process);
    if (slot->secret_fd >= 0)
        close(take_fd(&slot->secret_fd));
    for (size_t i = 0; i < ARRAY_LEN(slot->theirs); i++)
        if (slot->theirs[i] >= 0)
            close(slot->theirs[i]);
    buf_done(&slot->about);
    home->count--;
    slot->state = SLOT_DEAD;
    TAILQ_INSERT_TAIL(&home->dead, slot, link);
}
