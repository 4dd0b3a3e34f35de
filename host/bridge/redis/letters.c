/* letters.c -- see letters.h. */
#include "bridge/redis/letters.h"

#include "base/log.h"
#include "base/mem.h"

#include <string.h>

struct letter {
    struct bridge_task task; /* its payload is payload */
    char *payload;
    bool sending; /* of no entry */
    LIST_ENTRY(letter) link;
};

static size_t bytes_of(const struct letter *letter)
{
    return sizeof *letter + letter->task.payload_bytes;
}

struct letter *letter_new(struct redis_queue *q, const struct bridge_task *task)
{
    struct letter *letter;

    if (q->of->letter_bytes + sizeof *letter + task->payload_bytes > LETTERS_BYTES_MAX) {
        log_event(LOG_ERROR, "lane.dead_letter_lost", F_STR("lane", q->name.lane),
                  F_STR("task", task->task_id), F_STR("error", task->fault));
        return NULL;
    }
    letter = mem_new(struct letter);
    letter->task = *task;
    letter->payload = mem_strn(task->payload, task->payload_bytes);
    letter->task.payload = letter->payload;
    q->of->letter_bytes += bytes_of(letter);
    return letter;
}

void letter_free(struct redis_queue *q, struct letter *letter)
{
    if (letter == NULL)
        return;
    q->of->letter_bytes -= bytes_of(letter);
    free(letter->payload);
    free(letter);
}

bool letter_send(struct queue_asked asked, const struct letter *letter)
{
    const struct bridge_task *t = &letter->task;

    return queue_ask(
        asked,
        "XADD mcp:queue:dlq MAXLEN ~ 10000 * task_id %s type %s payload %b priority %s "
        "timestamp %s source_stream %s message_id %s consumer %s error %s "
        "retry_count %u failed_at %s",
        t->task_id, asked.q->name.lane, letter->payload, t->payload_bytes, t->priority,
        t->timestamp, asked.q->key, t->entry.id, t->consumer, t->fault, t->retries, t->failed_at);
}

/* ---- of no entry ---- */

static void on_sent(const struct queue_asked *asked, const redisReply *reply)
{
    struct letter *letter = asked->arg;

    letter->sending = false;
    if (reply == NULL || reply->type != REDIS_REPLY_STRING)
        return; /* the next sweep sends it again */
    LIST_REMOVE(letter, link);
    letter_free(asked->q, letter);
}

static void send_letter(struct redis_queue *q, struct letter *letter)
{
    if (!letter->sending)
        letter->sending =
            letter_send((struct queue_asked){.q = q, .fn = on_sent, .arg = letter}, letter);
}

void letters_add(struct redis_queue *q, const struct bridge_task *task)
{
    struct letter *letter = letter_new(q, task);

    if (letter == NULL)
        return;
    LIST_INSERT_HEAD(&q->letters, letter, link);
    send_letter(q, letter);
}

void letters_sweep(struct redis_queue *q)
{
    struct letter *letter;

    LIST_FOREACH(letter, &q->letters, link)
    send_letter(q, letter);
}

void letters_forget(struct redis_queue *q)
{
    struct letter *letter;

    while ((letter = LIST_FIRST(&q->letters)) != NULL) {
        LIST_REMOVE(letter, link);
        letter_free(q, letter);
    }
}
