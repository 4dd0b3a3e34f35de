/* adds.c -- see adds.h. */
#include "bridge/redis/adds.h"

#include "bridge/redis/acks.h"
#include "bridge/redis/pass.h"

#include <stdio.h>

static void tell(struct redis_queue *q, const struct adding_task *a, const char *id,
                 const char *why)
{
    struct bridge_added added = {.entry.queue = q->name};
    struct buf body = {0};

    snprintf(added.entry.id, sizeof added.entry.id, "%s", id);
    snprintf(added.tenant, sizeof added.tenant, "%s", adding_tenant(a));
    snprintf(added.task_id, sizeof added.task_id, "%s", adding_task_id(a));
    snprintf(added.why, sizeof added.why, "%s", why);
    bridge_added_pack(&body, &added);
    bridge_tell(&q->of->teller, BRIDGE_ADDED, &body);
}

/* The lane may have been forgotten meanwhile: then nobody has use for the entry. */
static void added(struct redis_queue *q, const struct adding_task *a, struct stream_id id)
{
    struct entry *entry = queue_find(q, id);
    struct stream_id_text text = stream_id_text(id);

    if (q->left) {
        acks_done(q, id, NULL);
        return;
    }
    if (entry == NULL)
        queue_add(q, id, ENTRY_OURS);
    else if (entry->state == ENTRY_TOLD)
        entries_move(&q->entries, entry, ENTRY_OURS);
    tell(q, a, text.text, "");
}

static void on_added(const struct queue_asked *asked, const redisReply *reply)
{
    struct redis_queue *q = asked->q;
    struct adding_task *a = asked->arg;
    struct stream_id id;

    if (reply != NULL && reply->type == REDIS_REPLY_STRING &&
        stream_id_parse(reply->str, (size_t)reply->len, &id))
        added(q, a, id);
    else if (reply != NULL && !q->left)
        tell(q, a, "", reply->type == REDIS_REPLY_ERROR ? reply->str : "no such answer");
    adding_end(&q->adding, a);
    if (q->waits_add) {
        q->waits_add = false;
        pass_go_on(q);
    }
}

void adds_add(struct redis_queue *q, const struct bridge_task *task)
{
    struct adding_task *a = adding_begin(&q->adding, task->tenant, task->task_id);

    if (!queue_ask((struct queue_asked){.q = q, .fn = on_added, .arg = a},
                   "XADD %s * task_id %s payload %b priority %s type %s timestamp %s tenant %s",
                   q->key, task->task_id, task->payload, task->payload_bytes, task->priority,
                   q->name.lane, task->timestamp, task->tenant))
        adding_end(&q->adding, a); /* down: it is said anew after SCANNED */
}
