/* acks.c -- see acks.h. */
#include "bridge/redis/acks.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define MS_NS 1000000LL
enum { TRIES = 3 };

struct ack {
    struct timer due; /* tried again */
    struct redis_queue *q;
    struct entry *entry;
    struct letter *letter; /* NULL: there is none, or it is sent */
    uint32_t failed;       /* attempts */
    bool busy;
};

static void arm(struct redis_tasks *of);
static void attempt(struct ack *a);

/* ---- the end of an attempt ---- */

static void drop(struct ack *a)
{
    timers_set(&a->q->of->due, &a->due, TIMER_NEVER);
    letter_free(a->q, a->letter);
    a->entry->ack = NULL;
    queue_drop(a->q, a->entry);
    free(a);
}

/* msg: what the runbooks look for (contract/mcp.md 7.3). */
static void failed(struct ack *a, const char *why)
{
    struct stream_id_text id = stream_id_text(a->entry->id);
    struct redis_queue *q = a->q;
    char attempts[8] = {(char)('1' + a->failed), '/', '0' + TRIES, '\0'};

    a->busy = false;
    if (a->failed == TRIES)
        return; /* the next sweep tries again */
    log_event(LOG_WARN, "lane.ack_failed", F_STR("msg", "RobustRedisACKHandler: ACK failed"),
              F_STR("attempt", attempts), F_STR("stream", q->key), F_STR("group", q->group),
              F_STR("id", id.text), F_STR("error", why));
    if (++a->failed == TRIES) {
        queue_tell_counted(q, BRIDGE_ACKED, a->entry->id, 0);
        return;
    }
    timers_set(&q->of->due, &a->due, clock_mono_ns() + q->of->ack_retry_ms * MS_NS);
    arm(q->of);
}

static void succeeded(struct ack *a)
{
    if (a->failed < TRIES)
        queue_tell_counted(a->q, BRIDGE_ACKED, a->entry->id, a->failed + 1);
    drop(a);
}

static const char *error_of(const redisReply *reply)
{
    if (reply == NULL)
        return "the connection was lost";
    return reply->type == REDIS_REPLY_ERROR ? reply->str : "no such answer";
}

/* ---- its steps ---- */

static struct ack *ack_of(const struct queue_asked *asked)
{
    return queue_find(asked->q, asked->id)->ack; /* an entry stays while its ack is busy */
}

static void on_deleted(const struct queue_asked *asked, const redisReply *reply)
{
    struct ack *a = ack_of(asked);

    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
        succeeded(a);
    else
        failed(a, error_of(reply));
}

static void on_verified(const struct queue_asked *asked, const redisReply *reply)
{
    struct stream_id_text id = stream_id_text(asked->id);
    struct ack *a = ack_of(asked);
    struct page_pending pending = {0};

    if (!page_is_error(reply, "NOGROUP") && !page_pending(reply, &pending))
        failed(a, error_of(reply));
    else if (pending.is)
        failed(a, "it is still pending");
    else if (!queue_ask((struct queue_asked){.q = asked->q, .fn = on_deleted, .id = asked->id},
                        "XDEL %s %s", asked->q->key, id.text))
        failed(a, error_of(NULL));
}

static void acknowledge(struct ack *a)
{
    struct redis_queue *q = a->q;
    struct stream_id_text id = stream_id_text(a->entry->id);

    if (!queue_ask((struct queue_asked){.q = q}, "XACK %s %s %s", q->key, q->group, id.text) ||
        !queue_ask((struct queue_asked){.q = q, .fn = on_verified, .id = a->entry->id},
                   "XPENDING %s %s %s %s 1", q->key, q->group, id.text, id.text))
        failed(a, error_of(NULL));
}

static void on_letter(const struct queue_asked *asked, const redisReply *reply)
{
    struct ack *a = ack_of(asked);

    if (reply == NULL || reply->type != REDIS_REPLY_STRING) {
        failed(a, error_of(reply));
        return;
    }
    letter_free(a->q, a->letter);
    a->letter = NULL;
    acknowledge(a);
}

static void attempt(struct ack *a)
{
    a->busy = true;
    if (a->letter == NULL)
        acknowledge(a);
    else if (!letter_send((struct queue_asked){.q = a->q, .fn = on_letter, .id = a->entry->id},
                          a->letter))
        failed(a, error_of(NULL));
}

/* ---- when ---- */

static void on_due(uv_timer_t *timer)
{
    acks_turn(timer->data);
}

static void arm(struct redis_tasks *of)
{
    int64_t due_ns = timers_due(&of->due), now_ns = clock_mono_ns();

    if (due_ns == TIMER_NEVER)
        uv_timer_stop(&of->due_timer);
    else
        uv_timer_start(&of->due_timer, on_due,
                       due_ns <= now_ns ? 0 : (uint64_t)((due_ns - now_ns) / MS_NS) + 1, 0);
}

void acks_turn(struct redis_tasks *of)
{
    int64_t now_ns = clock_mono_ns();

    while (timers_due(&of->due) <= now_ns) {
        struct ack *a = TIMER_OWNER(timers_first(&of->due), struct ack, due);

        timers_set(&of->due, &a->due, TIMER_NEVER);
        attempt(a);
    }
    arm(of);
}

void acks_done(struct redis_queue *q, struct stream_id id, struct letter *letter)
{
    struct entry *entry = queue_find(q, id);
    struct ack *a;

    if (entry != NULL && entry->state == ENTRY_DONE) {
        letter_free(q, letter);
        return;
    }
    if (entry == NULL)
        entry = queue_add(q, id, ENTRY_DONE);
    else
        entries_move(&q->entries, entry, ENTRY_DONE);
    a = entry->ack = mem_new(struct ack);
    a->q = q;
    a->entry = entry;
    a->letter = letter;
    attempt(a);
}

void acks_sweep(struct redis_queue *q)
{
    struct entry *entry;

    LIST_FOREACH(entry, &q->entries.of[ENTRY_DONE], link)
    if (!entry->ack->busy && entry->ack->failed == TRIES)
        attempt(entry->ack);
}

void acks_forget(struct redis_queue *q)
{
    struct entry *entry;

    while ((entry = LIST_FIRST(&q->entries.of[ENTRY_DONE])) != NULL)
        drop(entry->ack);
}
