/* queue.c -- see queue.h. */
#include "bridge/redis/queue.h"

#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>

struct redis_queue *queue_new(struct redis_tasks *of, const struct bridge_queue *name)
{
    struct redis_queue *q = mem_new(struct redis_queue);
    const char *express = name->express ? ":express" : "";

    q->of = of;
    q->name = *name;
    snprintf(q->key, sizeof q->key, "mcp:queue:%s%s", name->lane, express);
    snprintf(q->group, sizeof q->group, "mcp_%s%s", name->express ? "express_" : "", name->lane);
    entries_init(&q->entries);
    LIST_INIT(&q->letters);
    HASH_ADD_STR(of->queues, key, q);
    return q;
}

void queue_free(struct redis_queue *q)
{
    assert(q->refs == 0 && q->adding.all == NULL);
    while (q->entries.all != NULL)
        queue_drop(q, q->entries.all);
    HASH_DEL(q->of->queues, q);
    free(q);
}

void queue_free_if_over(struct redis_queue *q)
{
    if (q->left && q->refs == 0 && entries_count(&q->entries) == 0 && LIST_EMPTY(&q->letters))
        queue_free(q);
}

/* ---- what is asked ---- */

static void on_reply(void *arg, const redisReply *reply)
{
    auto_mem struct queue_asked *asked = arg;
    struct redis_queue *q = asked->q;

    if (asked->fn != NULL)
        asked->fn(asked, reply);
    q->refs--;
    queue_free_if_over(q);
}

bool queue_ask(struct queue_asked asked, const char *format, ...)
{
    struct queue_asked *kept = mem_dup(&asked, sizeof asked);
    va_list args;
    bool ok;

    va_start(args, format);
    ok = redis_vcommandf(asked.q->of->redis, on_reply, kept, format, args);
    va_end(args);
    if (ok)
        asked.q->refs++;
    else
        free(kept);
    return ok;
}

void queue_trouble(struct redis_queue *q, const char *doing, const redisReply *reply)
{
    if (!q->told_trouble)
        log_event(LOG_WARN, "lane.stream_unusable", F_STR("stream", q->key),
                  F_STR("group", q->group), F_STR("doing", doing),
                  F_STR("error", reply->type == REDIS_REPLY_ERROR ? reply->str : "no such answer"));
    q->told_trouble = q->stuck = true;
}

void queue_is_well(struct redis_queue *q)
{
    q->told_trouble = q->stuck = false;
}

/* The host forgets its entries, too; those it had it is told anew though it reads no others. */
static void lose_entries(struct redis_queue *q)
{
    struct entry *next;

    for (struct entry *e = q->entries.all; e != NULL; e = next) {
        next = e->hh.next;
        if (e->state == ENTRY_OURS || e->state == ENTRY_CLAIMED)
            entries_move(&q->entries, e, ENTRY_LOST);
        else if (e->state != ENTRY_DONE && e->state != ENTRY_LOST)
            queue_drop(q, e);
    }
}

void queue_lost(struct redis_queue *q)
{
    lose_entries(q);
    q->group_is = GROUP_UNKNOWN;
    q->passing = q->again = q->asked = q->stuck = false;
}

/* ---- entries ---- */

struct entry *queue_add(struct redis_queue *q, struct stream_id id, enum entry_state state)
{
    q->of->known++;
    return entries_add(&q->entries, id, state, q->pass);
}

struct entry *queue_find(const struct redis_queue *q, struct stream_id id)
{
    return entries_find(&q->entries, id);
}

void queue_drop(struct redis_queue *q, struct entry *entry)
{
    q->of->known--;
    entries_drop(&q->entries, entry);
}

/* ---- to the host ---- */

static void name_entry(const struct redis_queue *q, struct stream_id id, struct bridge_entry *ret)
{
    struct stream_id_text text = stream_id_text(id);

    ret->queue = q->name;
    snprintf(ret->id, sizeof ret->id, "%s", text.text);
}

void queue_tell_counted(struct redis_queue *q, enum bridge_message type, struct stream_id id,
                        uint32_t count)
{
    struct bridge_counted counted = {.count = count};
    struct buf body = {0};

    if (q->left)
        return;
    name_entry(q, id, &counted.entry);
    bridge_counted_pack(&body, &counted);
    bridge_tell(&q->of->teller, type, &body);
}

void queue_tell_gone(struct redis_queue *q, struct stream_id id)
{
    struct bridge_entry entry;
    struct buf body = {0};

    if (q->left)
        return;
    name_entry(q, id, &entry);
    bridge_entry_pack(&body, &entry);
    bridge_tell(&q->of->teller, BRIDGE_GONE, &body);
}
