/* tasks.c -- see tasks.h: what the host says, and what is done at each sweep. */
#include "bridge/redis/tasks.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "bridge/redis/acks.h"
#include "bridge/redis/adds.h"
#include "bridge/redis/claims.h"
#include "bridge/redis/letters.h"
#include "bridge/redis/pass.h"
#include "bridge/redis/queue.h"
#include "bridge/redis/reader.h"

#include <stdio.h>
#include <string.h>

#define MS_NS 1000000LL
enum { DEPTH_MS = 5000, TICK_MS_MIN = 10 };

/* ---- sweeps ---- */

static void tell_depth(struct redis_queue *q, long long entries)
{
    struct bridge_depth depth = {.queue = q->name};
    struct buf body = {0};

    depth.entries = entries < UINT32_MAX ? (uint32_t)entries : UINT32_MAX;
    bridge_depth_pack(&body, &depth);
    bridge_tell(&q->of->teller, BRIDGE_DEPTH, &body);
}

static void on_depth(const struct queue_asked *asked, const redisReply *reply)
{
    struct redis_queue *q = asked->q;

    if (reply == NULL || q->left)
        return;
    if (reply->type != REDIS_REPLY_INTEGER) {
        queue_trouble(q, "count", reply);
        return;
    }
    tell_depth(q, reply->integer);
    if (reply->integer < entries_count(&q->entries) && !q->passing)
        pass_begin(q); /* somebody deleted some */
}

static void on_pending(const struct queue_asked *asked, const redisReply *reply)
{
    if (page_is_error(reply, "NOGROUP"))
        pass_no_group(asked->q);
}

static void tell_those_again(struct redis_queue *q)
{
    int64_t now_ns = clock_mono_ns();
    struct entry *entry;
    uint32_t room = BRIDGE_UNANSWERED_MAX - q->entries.count[ENTRY_TOLD];

    LIST_FOREACH(entry, &q->entries.of[ENTRY_ELSEWHERE], link)
    {
        if (entry->due_ns > now_ns)
            continue;
        if (!q->reads || room-- == 0)
            return;
        pass_tell_again(q, entry);
    }
}

static void sweep(struct redis_queue *q)
{
    q->stuck = false;
    acks_sweep(q);
    letters_sweep(q);
    if (q->left)
        return;
    pass_make_group(q);
    if (queue_ask((struct queue_asked){.q = q, .fn = on_pending}, "XPENDING %s %s", q->key,
                  q->group) &&
        queue_ask((struct queue_asked){.q = q, .fn = on_depth}, "XLEN %s", q->key))
        tell_those_again(q);
    pass_go_on(q);
}

static void on_tick(uv_timer_t *timer)
{
    struct redis_tasks *t = timer->data;

    if (t->redis == NULL)
        return;
    for (struct redis_queue *q = t->queues; q != NULL; q = q->hh.next)
        claims_keep(q);
    t->second = !t->second;
    for (struct redis_queue *q = t->queues; t->second && q != NULL; q = q->hh.next)
        sweep(q);
}

/* ---- lanes ---- */

static struct redis_queue *find(struct redis_tasks *t, const struct bridge_queue *name)
{
    char key[sizeof((struct redis_queue *)0)->key];
    struct redis_queue *q;

    snprintf(key, sizeof key, "mcp:queue:%s%s", name->lane, name->express ? ":express" : "");
    HASH_FIND_STR(t->queues, key, q);
    return q;
}

/* Those that are not to be acknowledged are nothing to us any more. */
static void leave(struct redis_queue *q)
{
    struct entry *next;

    q->left = true;
    q->reads = q->passing = false;
    for (struct entry *e = q->entries.all; e != NULL; e = next) {
        next = e->hh.next;
        if (e->state != ENTRY_DONE)
            queue_drop(q, e);
    }
    queue_free_if_over(q);
}

static void use_queue(struct redis_tasks *t, const struct bridge_queue *name, bool reads)
{
    struct redis_queue *q = find(t, name);
    bool begins = q == NULL || q->left || (reads && !q->reads);

    if (q == NULL)
        q = queue_new(t, name);
    q->left = false;
    q->reads = reads;
    if (begins && q->group_is == GROUP_MADE)
        pass_begin(q);
    else
        pass_make_group(q);
}

static bool hear_lane(struct redis_tasks *t, const struct message *m, struct err *e)
{
    struct bridge_lane lane;

    if (!bridge_lane_unpack(m, &lane, e))
        return false;
    if (strcmp(lane.name, "dlq") == 0) {
        log_event(LOG_ERROR, "lane.name_taken", F_STR("lane", lane.name),
                  F_STR("stream", "mcp:queue:dlq"));
        return true;
    }
    for (int express = 0; express < 2; express++) {
        struct bridge_queue name = {.express = express != 0};
        struct redis_queue *q;

        snprintf(name.lane, sizeof name.lane, "%s", lane.name);
        if (lane.backend == BRIDGE_REDIS)
            use_queue(t, &name, lane.reads);
        else if ((q = find(t, &name)) != NULL)
            leave(q);
    }
    return true;
}

/* ---- entries ---- */

static void take_it(struct redis_queue *q, struct stream_id id)
{
    struct entry *entry = queue_find(q, id);

    if (entry == NULL)
        queue_add(q, id, ENTRY_OURS);
    else if (entry->state == ENTRY_TOLD || entry->state == ENTRY_LOST)
        entries_move(&q->entries, entry, ENTRY_OURS);
}

static void release(struct redis_queue *q, struct stream_id id)
{
    struct entry *entry = queue_find(q, id);

    if (entry == NULL)
        entry = queue_add(q, id, ENTRY_ELSEWHERE);
    else if (entry->state == ENTRY_DONE)
        return;
    else
        entries_move(&q->entries, entry, ENTRY_ELSEWHERE);
    free(entry->consumer);
    entry->consumer = NULL;
    entry->due_ns = clock_mono_ns() + q->of->idle_ms * MS_NS;
}

/* The queue and the id that the bridge gave it. *ret_q NULL: the lane has no queue here. */
static bool find_entry(struct redis_tasks *t, const struct bridge_entry *entry,
                       struct redis_queue **ret_q, struct stream_id *ret_id, struct err *e)
{
    struct redis_queue *q = find(t, &entry->queue);

    *ret_q = q == NULL || q->left ? NULL : q;
    return stream_id_parse(entry->id, strlen(entry->id), ret_id) ||
           err_set(e, ERR_INVALID, "'%s' is no entry of Redis", entry->id);
}

static bool hear_entry(struct redis_tasks *t, const struct message *m, struct err *e)
{
    struct bridge_entry entry;
    struct redis_queue *q;
    struct stream_id id;

    if (!bridge_entry_unpack(m, &entry, e) || !find_entry(t, &entry, &q, &id, e))
        return false;
    if (q == NULL)
        return true;
    if (m->type == BRIDGE_TAKE)
        take_it(q, id);
    else if (m->type == BRIDGE_RELEASE)
        release(q, id);
    else
        acks_done(q, id, NULL);
    pass_go_on(q);
    return true;
}

static bool hear_claim(struct redis_tasks *t, const struct message *m, struct err *e)
{
    struct bridge_claim claim;
    struct redis_queue *q;
    struct stream_id id;

    if (!bridge_claim_unpack(m, &claim, e) || !find_entry(t, &claim.entry, &q, &id, e))
        return false;
    if (q != NULL)
        claims_claim(q, id, claim.consumer);
    return true;
}

static bool hear_dead(struct redis_tasks *t, const struct bridge_task *task, struct err *e)
{
    struct redis_queue *q = find(t, &task->entry.queue);
    struct stream_id id;

    if (task->entry.id[0] == '\0') {
        if (q != NULL && !q->left)
            letters_add(q, task);
        return true;
    }
    if (!find_entry(t, &task->entry, &q, &id, e))
        return false;
    if (q == NULL)
        return true;
    acks_done(q, id, letter_new(q, task));
    pass_go_on(q);
    return true;
}

static bool hear_task(struct redis_tasks *t, const struct message *m, struct err *e)
{
    auto_mem struct bridge_task *task = mem_new(struct bridge_task);
    struct redis_queue *q;

    if (!bridge_task_unpack(m, task, e))
        return false;
    if (m->type == BRIDGE_DEAD)
        return hear_dead(t, task, e);
    q = find(t, &task->entry.queue);
    if (q != NULL && !q->left)
        adds_add(q, task);
    return true;
}

bool redis_tasks_hear(void *tasks, const struct message *m, struct err *e)
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

/* ---- the connection, the beginning, the end ---- */

void redis_tasks_use(struct redis_tasks *t, struct redis *redis)
{
    t->redis = redis;
    for (struct redis_queue *q = t->queues; q != NULL; q = q->hh.next) {
        queue_lost(q);
        if (redis != NULL)
            pass_make_group(q);
    }
    reader_wake(t->reader);
}

static void wake_reader(struct redis_tasks *t)
{
    reader_wake(t->reader);
}

static void begin_timer(uv_loop_t *loop, uv_timer_t *timer, struct redis_tasks *t)
{
    uv_timer_init(loop, timer);
    timer->data = t;
    t->handles++;
}

struct redis_tasks *redis_tasks_new(uv_loop_t *loop, const struct redis_target *target,
                                    const struct bridge_setup *setup,
                                    const struct bridge_teller *teller)
{
    struct redis_tasks *t = mem_new(struct redis_tasks);
    const struct redis_options reader = {.target = *target,
                                         .timeout_ms = setup->redis.timeout_ms,
                                         .backoff_max_ms = setup->redis.backoff_max_ms};
    uint64_t tick_ms = (setup->sweep_ms < DEPTH_MS ? setup->sweep_ms : DEPTH_MS) / 2;

    t->block_ms = setup->redis_block_ms > 0 ? setup->redis_block_ms : 1; /* 0 is for ever */
    t->sweep_ms = setup->sweep_ms;
    t->idle_ms = setup->idle_ms;
    t->ack_retry_ms = setup->ack_retry_ms;
    t->teller = *teller;
    begin_timer(loop, &t->due_timer, t);
    begin_timer(loop, &t->tick, t);
    begin_timer(loop, &t->room, t);
    if (tick_ms < TICK_MS_MIN)
        tick_ms = TICK_MS_MIN;
    uv_timer_start(&t->tick, on_tick, tick_ms, tick_ms);
    t->wake = wake_reader;
    t->reader = reader_new(loop, t, &reader);
    return t;
}

static void on_closed(uv_handle_t *handle)
{
    struct redis_tasks *t = handle->data;

    if (--t->handles == 0)
        free(t);
}

void redis_tasks_free(struct redis_tasks *t)
{
    if (t == NULL)
        return;
    t->redis = NULL;
    while (t->queues != NULL) {
        acks_forget(t->queues);
        letters_forget(t->queues);
        queue_free(t->queues);
    }
    reader_free(t->reader);
    timers_done(&t->due);
    uv_close((uv_handle_t *)&t->due_timer, on_closed);
    uv_close((uv_handle_t *)&t->room, on_closed);
    uv_close((uv_handle_t *)&t->tick, on_closed);
}
