/* entries.c -- the messages that are known, and who holds them. See inside.h. */
#include "bridge/nats/inside.h"

#include "base/clock.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct nats_entry *nats_entry_find(const struct nats_tasks *t, uint64_t sequence)
{
    struct nats_entry *entry;

    HASH_FIND(hh, t->entries, &sequence, sizeof sequence, entry);
    return entry;
}

struct nats_entry *nats_entry_new(struct nats_queue *q, uint64_t sequence)
{
    struct nats_entry *entry = mem_new(struct nats_entry);
    struct nats_tasks *t = nats_owner(q);

    entry->sequence = sequence;
    entry->queue = q;
    entry->seen = q->scan;
    HASH_ADD(hh, t->entries, sequence, sizeof entry->sequence, entry);
    TAILQ_INSERT_TAIL(&q->entries, entry, link);
    q->known++;
    return entry;
}

static void unclaim(struct nats_entry *entry)
{
    if (!entry->claimed)
        return;
    entry->claimed = false;
    entry->queue->claims--;
    TAILQ_REMOVE(&nats_owner(entry->queue)->claims, entry, of_claims);
}

void nats_entry_free(struct nats_entry *entry)
{
    struct nats_queue *q = entry->queue;

    nats_entry_answered(entry);
    unclaim(entry);
    HASH_DEL(nats_owner(q)->entries, entry);
    TAILQ_REMOVE(&q->entries, entry, link);
    q->known--;
    free(entry->reply);
    free(entry);
}

void nats_entry_answered(struct nats_entry *entry)
{
    entry->queue->unanswered -= entry->unanswered;
    entry->unanswered = false;
}

static void say(struct nats_entry *entry, const char *what)
{
    /* Where it is lost, the server delivers the message again after its ack-wait. */
    (void)!nats_say(nats_owner(entry->queue)->link, &(struct nats_message){.subject = entry->reply,
                                                                           .data = what,
                                                                           .bytes = strlen(what)});
}

void nats_entries_keep(struct nats_tasks *t)
{
    for (struct nats_entry *entry = t->entries; entry != NULL; entry = entry->hh.next)
        if (entry->reply != NULL)
            say(entry, "+WPI");
}

void nats_entry_release(struct nats_entry *entry)
{
    struct nats_queue *q = entry->queue;
    const int64_t idle_ns = nats_owner(q)->setup.idle_ms * MS_NS;
    char nak[64];

    if (entry->reply != NULL) {
        snprintf(nak, sizeof nak, "-NAK {\"delay\":%" PRId64 "}", idle_ns);
        say(entry, nak);
    }
    nats_entry_free(entry);
    if (q->rescan_ns == 0)
        q->rescan_ns = clock_mono_ns() + idle_ns;
}

/* ---- claims ---- */

static void claimed(struct nats_entry *entry, uint32_t deliveries)
{
    unclaim(entry);
    nats_tell_counted(nats_owner(entry->queue), BRIDGE_CLAIMED, &entry->queue->name,
                      entry->sequence, deliveries);
}

void nats_entry_gone(struct nats_entry *entry)
{
    struct nats_queue *q = entry->queue;

    if (entry->claimed)
        claimed(entry, 0);
    if (entry->epoch == q->epoch)
        nats_tell_entry(nats_owner(q), BRIDGE_GONE, &q->name, entry->sequence);
    nats_entry_free(entry);
}

void nats_entry_delivered(struct nats_entry *entry, const char *reply, uint32_t deliveries)
{
    free(entry->reply);
    entry->reply = mem_str(reply);
    entry->deliveries = deliveries;
    if (entry->claimed)
        claimed(entry, deliveries);
}

void nats_entry_claim(struct nats_entry *entry)
{
    struct nats_tasks *t = nats_owner(entry->queue);

    if (!t->told_up)
        claimed(entry, 0);
    else if (entry->reply != NULL)
        claimed(entry, entry->deliveries);
    else if (!entry->claimed) {
        entry->claimed = true;
        entry->claimed_ns = clock_mono_ns();
        entry->queue->claims++;
        TAILQ_INSERT_TAIL(&t->claims, entry, of_claims);
        nats_tick(t);
        nats_queue_go_on(entry->queue);
    }
}

void nats_claims_lost(struct nats_tasks *t)
{
    struct nats_entry *entry;

    while ((entry = TAILQ_FIRST(&t->claims)) != NULL)
        claimed(entry, 0);
}

/* ---- a claimed one that is not delivered ---- */

struct check {
    struct nats_tasks *t;
    uint64_t sequence;
};

/* Another bridge has it, or its ack-wait runs: the host's lease of the run is what counts. */
static void on_checked(void *arg, const struct nats_answer *a)
{
    auto_mem struct check *check = arg;
    auto_done(js_message) m = {0};
    struct nats_entry *entry = nats_entry_find(check->t, check->sequence);
    int code = 0;

    if (entry == NULL || !entry->claimed)
        return;
    entry->checking = false;
    if (a->fault == NULL && js_read_message(a->data, a->bytes, &m, &code, NULL))
        claimed(entry, 1);
    else if (code == JS_NO_MESSAGE || code == JS_STREAM_NOT_FOUND)
        nats_entry_gone(entry);
    else
        claimed(entry, 0);
}

static void check_there(struct nats_tasks *t, struct nats_entry *entry)
{
    struct check *check = mem_new(struct check);
    char body[64];

    *check = (struct check){t, entry->sequence};
    snprintf(body, sizeof body, "{\"seq\":%" PRIu64 "}", entry->sequence);
    entry->checking = true;
    if (nats_ask_api(t, on_checked, check, body, "STREAM.MSG.GET.%s", NATS_TASKS_STREAM))
        return;
    free(check);
    claimed(entry, 0);
}

void nats_claims_look(struct nats_tasks *t, int64_t now_ns)
{
    struct nats_entry *entry, *next;

    for (entry = TAILQ_FIRST(&t->claims); entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, of_claims);
        if (now_ns - entry->claimed_ns < NATS_PULL_MS * MS_NS)
            return;
        if (!entry->checking)
            check_there(t, entry);
    }
}
