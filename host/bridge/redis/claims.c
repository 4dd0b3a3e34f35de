/* claims.c -- see claims.h. What was pending and the claim are one transaction: nobody comes
 * between. */
#include "bridge/redis/claims.h"

#include "base/log.h"
#include "base/mem.h"
#include "bridge/redis/pass.h"

#include <stdio.h>
#include <string.h>

struct claim {
    char consumer[BRIDGE_TEXT_BYTES_MAX];
    uint32_t idle_ms; /* who has it, at least */
    bool again;       /* the group was made for it */
    struct redis_queue *q;
    struct stream_id id;
};

static void ask(struct claim *claim);

/* Ends it. */
static void answer(struct claim *claim, uint32_t deliveries)
{
    queue_tell_counted(claim->q, BRIDGE_CLAIMED, claim->id, deliveries);
    free(claim);
}

/* ---- it is ours ---- */

/* msg: what the runbooks look for (contract/mcp.md 7.3). */
static void log_orphan(const struct claim *claim, const struct page_pending *had)
{
    struct stream_id_text id = stream_id_text(claim->id);

    log_event(LOG_INFO, "lane.orphan_claimed",
              F_STR("msg", "RobustRedisACKHandler: orphan claimed"),
              F_STR("lane", claim->q->name.lane), F_STR("stream", claim->q->key),
              F_STR("id", id.text), F_STR("consumer", claim->consumer),
              F_STR("from", had->consumer), F_INT("idle_ms", had->idle_ms),
              F_INT("deliveries", had->deliveries + 1));
}

static void count_delivery(struct claim *claim, uint32_t deliveries)
{
    struct stream_id_text id = stream_id_text(claim->id);

    /* Down: the count is then what it was. */
    (void)!queue_ask((struct queue_asked){.q = claim->q},
                     "XCLAIM %s %s %s 0 %s RETRYCOUNT %u JUSTID", claim->q->key, claim->q->group,
                     claim->consumer, id.text, deliveries);
}

/* As far as it is pending for whom we claimed it for. */
static bool is_ours(const struct entry *entry, const struct page_pending *had)
{
    return entry->consumer != NULL && strcmp(entry->consumer, had->consumer) == 0;
}

static void claimed(struct claim *claim, struct entry *entry, const struct page_pending *had)
{
    if (had->is && !is_ours(entry, had)) {
        entry->deliveries = had->deliveries + 1;
        log_orphan(claim, had);
        count_delivery(claim, entry->deliveries);
    } else if (!had->is) {
        entry->deliveries = 1;
    }
    entries_move(&claim->q->entries, entry, ENTRY_CLAIMED);
    free(entry->consumer);
    entry->consumer = mem_str(claim->consumer);
    answer(claim, entry->deliveries);
}

/* ---- it is not ---- */

/* express_LANE_N or pool_LANE_N. */
static bool is_worker(const struct redis_queue *q, const char *consumer)
{
    char before[BRIDGE_LANE_BYTES_MAX + 16];
    size_t len = (size_t)snprintf(before, sizeof before, "%s_%s_",
                                  q->name.express ? "express" : "pool", q->name.lane);

    return strncmp(consumer, before, len) == 0 && consumer[len] != '\0' &&
           strspn(consumer + len, "0123456789") == strlen(consumer + len);
}

static void gone(struct claim *claim, struct entry *entry)
{
    queue_tell_gone(claim->q, claim->id);
    queue_drop(claim->q, entry);
    answer(claim, 0);
}

static void refused(struct claim *claim, struct entry *entry, const struct page_pending *had)
{
    if (!had->is || had->idle_ms >= claim->idle_ms) {
        gone(claim, entry); /* or it would have been claimed */
    } else if (is_ours(entry, had)) {
        claim->idle_ms = 0;
        ask(claim);
    } else if (is_worker(claim->q, had->consumer) && had->idle_ms >= claim->q->of->sweep_ms) {
        claim->idle_ms = claim->q->of->sweep_ms;
        ask(claim);
    } else {
        answer(claim, 0);
    }
}

/* ---- the transaction ---- */

static void on_executed(const struct queue_asked *asked, const redisReply *reply)
{
    struct claim *claim = asked->arg;
    struct entry *entry = queue_find(asked->q, asked->id);
    struct page_pending had;
    bool whole = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2;

    if (whole && page_is_error(reply->element[0], "NOGROUP") && !claim->again) {
        pass_no_group(asked->q);
        claim->again = true;
        ask(claim);
    } else if (entry == NULL || entry->state > ENTRY_CLAIMED || !whole ||
               !page_pending(reply->element[0], &had) ||
               reply->element[1]->type != REDIS_REPLY_ARRAY) {
        answer(claim, 0); /* the host asks again, if it still wants it */
    } else if (reply->element[1]->elements > 0) {
        claimed(claim, entry, &had);
    } else {
        refused(claim, entry, &had);
    }
}

static void ask(struct claim *claim)
{
    struct redis_queue *q = claim->q;
    struct stream_id_text id = stream_id_text(claim->id);
    const struct queue_asked unheard = {.q = q};

    if (!queue_ask(unheard, "MULTI") ||
        !queue_ask(unheard, "XPENDING %s %s %s %s 1", q->key, q->group, id.text, id.text) ||
        !queue_ask(unheard, "XCLAIM %s %s %s %u %s FORCE JUSTID", q->key, q->group, claim->consumer,
                   claim->idle_ms, id.text) ||
        !queue_ask((struct queue_asked){.q = q, .fn = on_executed, .id = claim->id, .arg = claim},
                   "EXEC"))
        answer(claim, 0);
}

void claims_claim(struct redis_queue *q, struct stream_id id, const char *consumer)
{
    struct entry *entry = queue_find(q, id);
    struct claim *claim = mem_new(struct claim);

    if (entry == NULL)
        entry = queue_add(q, id, ENTRY_OURS);
    else if (entry->state != ENTRY_CLAIMED && entry->state != ENTRY_DONE)
        entries_move(&q->entries, entry, ENTRY_OURS);
    snprintf(claim->consumer, sizeof claim->consumer, "%s", consumer);
    claim->idle_ms = entry->state == ENTRY_CLAIMED ? 0 : q->of->idle_ms;
    claim->q = q;
    claim->id = id;
    ask(claim);
}

static void on_kept(const struct queue_asked *asked, const redisReply *reply)
{
    if (page_is_error(reply, "NOGROUP"))
        pass_no_group(asked->q);
}

void claims_keep(struct redis_queue *q)
{
    struct entry *entry;

    LIST_FOREACH(entry, &q->entries.of[ENTRY_CLAIMED], link)
    {
        struct stream_id_text id = stream_id_text(entry->id);

        if (!queue_ask((struct queue_asked){.q = q, .fn = on_kept},
                       "XCLAIM %s %s %s 0 %s FORCE JUSTID", q->key, q->group, entry->consumer,
                       id.text))
            return; /* down */
    }
}
