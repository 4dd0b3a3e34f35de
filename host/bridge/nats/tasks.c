/* tasks.c -- see tasks.h: the lanes, what the host says of them, and what happens in time. */
#include "bridge/nats/tasks.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "bridge/nats/inside.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_MS_MAX = 5000, KEEPS_A_WAIT = 3 };

/* ---- time ---- */

static void on_tick(uv_timer_t *timer)
{
    struct nats_tasks *t = timer->data;
    int64_t now_ns = clock_mono_ns();

    nats_jobs_look(t, now_ns);
    nats_claims_look(t, now_ns);
    if (TAILQ_EMPTY(&t->resting) && TAILQ_EMPTY(&t->claims))
        uv_timer_stop(&t->tick);
}

static void on_keep(uv_timer_t *timer)
{
    struct nats_tasks *t = timer->data;

    nats_entries_keep(t);
    for (struct nats_lane *lane = t->lanes; lane != NULL; lane = lane->hh.next)
        for (int half = 0; half < 2; half++)
            nats_queue_go_on(&lane->queues[half]);
}

/* Nothing is made before there is a lane. */
static void look(struct nats_tasks *t)
{
    if (!nats_link_is_up(t->link))
        return;
    if (t->lanes != NULL || t->streams)
        nats_streams_check(t);
    else
        nats_tell_state(t, true, "");
}

static void on_sweep(uv_timer_t *timer)
{
    look(timer->data);
}

/* ---- the connection ---- */

static void on_up(void *arg)
{
    struct nats_tasks *t = arg;

    t->told_lost = false;
    log_event(LOG_INFO, "nats.connected", F_INT("lanes", HASH_COUNT(t->lanes)));
    look(t);
}

static void on_lost(void *arg, const char *why, bool usable)
{
    struct nats_tasks *t = arg;

    if (!t->told_lost || !usable)
        log_event(usable ? LOG_WARN : LOG_ERROR, usable ? "nats.lost" : "nats.unusable",
                  F_STR("error", why));
    t->told_lost = true;
    t->checking = false;
    for (struct nats_lane *lane = t->lanes; lane != NULL; lane = lane->hh.next)
        for (int half = 0; half < 2; half++)
            nats_queue_lost(&lane->queues[half]);
    nats_claims_lost(t);
    nats_tell_state(t, false, why);
}

/* ---- lanes ---- */

static struct nats_lane *lane_of(const struct nats_tasks *t, const char *name)
{
    struct nats_lane *lane;

    HASH_FIND_STR(t->lanes, name, lane);
    return lane;
}

static void lane_leave(struct nats_tasks *t, struct nats_lane *lane)
{
    HASH_DEL(t->lanes, lane);
    lane->left = true;
    for (int half = 0; half < 2; half++) {
        struct nats_queue *q = &lane->queues[half];

        while (!TAILQ_EMPTY(&q->entries))
            nats_entry_free(TAILQ_FIRST(&q->entries));
    }
    if (lane->asked == 0)
        nats_lane_free(lane);
}

static void lane_new(struct nats_tasks *t, const struct bridge_lane *told)
{
    struct nats_lane *lane = mem_new(struct nats_lane);

    lane->owner = t;
    lane->reads = told->reads;
    snprintf(lane->name, sizeof lane->name, "%s", told->name);
    for (int half = 0; half < 2; half++)
        nats_queue_init(&lane->queues[half], lane, half == 1);
    HASH_ADD_STR(t->lanes, name, lane);
    if (strlen(lane->queues[1].consumer) > NATS_NAME_BYTES_MAX)
        log_event(LOG_ERROR, "nats.lane_unusable", F_STR("lane", lane->name),
                  F_STR("error", "its name is too long for a consumer's"));
    if (!t->streams)
        look(t);
    else if (nats_link_is_up(t->link))
        for (int half = 0; half < 2; half++)
            nats_queue_look(&lane->queues[half]);
}

static bool hear_lane(struct nats_tasks *t, const struct message *m, struct err *e)
{
    struct bridge_lane told;
    struct nats_lane *lane;
    bool begins;

    if (!bridge_lane_unpack(m, &told, e))
        return false;
    lane = lane_of(t, told.name);
    if (told.backend != BRIDGE_NATS) {
        if (lane != NULL)
            lane_leave(t, lane);
        return true;
    }
    if (lane == NULL) {
        lane_new(t, &told);
        return true;
    }
    begins = told.reads && !lane->reads;
    lane->reads = told.reads;
    for (int half = 0; half < 2 && begins; half++)
        nats_queue_reads(&lane->queues[half]);
    return true;
}

/* ---- entries ---- */

static struct nats_queue *queue_of(const struct nats_tasks *t, const struct bridge_queue *name)
{
    struct nats_lane *lane = lane_of(t, name->lane);

    return lane != NULL ? &lane->queues[name->express] : NULL;
}

/* What the host has said of one to a bridge before us is said of one that was not seen yet. */
static struct nats_entry *entry_of(struct nats_queue *q, uint64_t sequence, bool make)
{
    struct nats_tasks *t = nats_owner(q);
    struct nats_entry *entry = nats_entry_find(t, sequence);

    if (entry == NULL && make && !nats_job_has(t, sequence))
        entry = nats_entry_new(q, sequence);
    if (entry == NULL)
        return NULL;
    nats_entry_answered(entry);
    entry->epoch = entry->queue->epoch;
    return entry;
}

static void done(struct nats_tasks *t, const struct bridge_entry *told, uint64_t sequence)
{
    nats_job_begin(t, &told->queue, sequence, NULL, false);
}

/* An id that is none of ours is none that is there. */
static bool hear_entry(struct nats_tasks *t, const struct message *m, struct err *e)
{
    struct bridge_entry told;
    struct nats_queue *q;
    struct nats_entry *entry;
    uint64_t sequence;

    if (!bridge_entry_unpack(m, &told, e))
        return false;
    q = queue_of(t, &told.queue);
    if (q == NULL || !nats_sequence_of(told.id, &sequence))
        return true;
    if (m->type == BRIDGE_DONE) {
        done(t, &told, sequence);
        return true;
    }
    entry = entry_of(q, sequence, m->type == BRIDGE_TAKE);
    if (entry != NULL && m->type == BRIDGE_RELEASE)
        nats_entry_release(entry);
    nats_queue_go_on(q);
    return true;
}

static void refuse(const struct nats_tasks *t, const struct bridge_entry *entry)
{
    struct bridge_counted refused = {.entry = *entry};
    struct buf body = {0};

    bridge_counted_pack(&body, &refused);
    nats_tell(t, BRIDGE_CLAIMED, &body);
}

static bool hear_claim(struct nats_tasks *t, const struct message *m, struct err *e)
{
    struct bridge_claim claim;
    struct nats_queue *q;
    struct nats_entry *entry = NULL;
    uint64_t sequence;

    if (!bridge_claim_unpack(m, &claim, e))
        return false;
    q = queue_of(t, &claim.entry.queue);
    if (q == NULL)
        return true;
    if (nats_sequence_of(claim.entry.id, &sequence))
        entry = entry_of(q, sequence, true);
    if (entry != NULL)
        nats_entry_claim(entry);
    else
        refuse(t, &claim.entry);
    return true;
}

/* ADD, DEAD. */
static bool hear_task(struct nats_tasks *t, const struct message *m, struct err *e)
{
    struct bridge_task task;
    struct nats_queue *q;
    uint64_t sequence = 0;

    if (!bridge_task_unpack(m, &task, e))
        return false;
    q = queue_of(t, &task.entry.queue);
    if (q == NULL)
        return true;
    if (m->type == BRIDGE_ADD)
        nats_add(q, &task);
    else if (task.entry.id[0] == '\0' || nats_sequence_of(task.entry.id, &sequence))
        nats_job_begin(t, &task.entry.queue, sequence, &task, false);
    return true;
}

bool nats_tasks_hear(void *tasks, const struct message *m, struct err *e)
{
    switch (m->type) {
    case BRIDGE_LANE:
        return hear_lane(tasks, m, e);
    case BRIDGE_CLAIM:
        return hear_claim(tasks, m, e);
    case BRIDGE_ADD:
    case BRIDGE_DEAD:
        return hear_task(tasks, m, e);
    default:
        return hear_entry(tasks, m, e);
    }
}

/* ---- its life ---- */

static void on_delivered(void *arg, const struct nats_answer *m)
{
    struct nats_tasks *t = arg;
    struct nats_delivery got;
    struct nats_queue *q;

    if (m->reply == NULL || !nats_delivery_of(m->reply, &got))
        return;
    q = queue_of(t, &got.queue);
    if (q != NULL)
        nats_queue_delivered(q, &got, m);
}

static void on_closed(uv_handle_t *handle)
{
    struct nats_tasks *t = handle->data;

    if (++t->closed == 3)
        free(t);
}

static void start_timers(struct nats_tasks *t, uv_loop_t *loop)
{
    uint32_t sweep_ms = t->setup.sweep_ms, keep_ms = t->setup.idle_ms / KEEPS_A_WAIT;

    sweep_ms = sweep_ms < 1 ? 1 : sweep_ms > LOOK_MS_MAX ? LOOK_MS_MAX : sweep_ms;
    keep_ms = keep_ms < 1 ? 1 : keep_ms > LOOK_MS_MAX ? LOOK_MS_MAX : keep_ms;
    uv_timer_init(loop, &t->sweep);
    uv_timer_init(loop, &t->keep);
    uv_timer_init(loop, &t->tick);
    t->sweep.data = t->keep.data = t->tick.data = t;
    uv_timer_start(&t->sweep, on_sweep, sweep_ms, sweep_ms);
    uv_timer_start(&t->keep, on_keep, keep_ms, keep_ms);
}

static void stop_timers(struct nats_tasks *t)
{
    uv_close((uv_handle_t *)&t->sweep, on_closed);
    uv_close((uv_handle_t *)&t->keep, on_closed);
    uv_close((uv_handle_t *)&t->tick, on_closed);
}

struct nats_tasks *nats_tasks_new(uv_loop_t *loop, const struct bridge_setup *setup,
                                  const struct bridge_teller *teller)
{
    struct nats_tasks *t = mem_new(struct nats_tasks);
    struct err e = {0};

    t->setup = *setup;
    t->teller = *teller;
    TAILQ_INIT(&t->claims);
    TAILQ_INIT(&t->jobs);
    TAILQ_INIT(&t->resting);
    t->on_tick = on_tick;
    start_timers(t, loop);
    t->link =
        nats_link_new(loop,
                      &(struct nats_link_options){.url = t->setup.nats_url,
                                                  .timeout_ms = setup->nats.timeout_ms,
                                                  .backoff_max_ms = setup->nats.backoff_max_ms,
                                                  .on_up = on_up,
                                                  .on_lost = on_lost,
                                                  .on_delivered = on_delivered,
                                                  .arg = t},
                      &e);
    if (t->link != NULL)
        return t;
    log_event(LOG_ERROR, "nats.unusable", F_ERR(&e));
    nats_tell_state(t, false, e.msg);
    stop_timers(t);
    return NULL;
}

void nats_tasks_free(struct nats_tasks *t)
{
    struct nats_lane *lane, *next;

    if (t == NULL)
        return;
    t->ending = true;
    nats_link_free(t->link);
    HASH_ITER(hh, t->lanes, lane, next)
    lane_leave(t, lane);
    nats_jobs_free(t);
    stop_timers(t);
}
