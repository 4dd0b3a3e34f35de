/* queues.c -- one half of a lane: its consumer, and what is pulled from it. See inside.h. */
#include "bridge/nats/inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void nats_queue_init(struct nats_queue *q, struct nats_lane *lane, bool express)
{
    struct buf text = {0};

    q->lane = lane;
    snprintf(q->name.lane, sizeof q->name.lane, "%s", lane->name);
    q->name.express = express;
    nats_add_consumer(&text, &q->name);
    q->consumer = buf_take(&text);
    nats_add_subject(&text, NULL, &q->name);
    q->filter = buf_take(&text);
    TAILQ_INIT(&q->entries);
    q->epoch = 1; /* that of an entry which was not told is 0 */
}

/* ---- its messages ---- */

static void pull(struct nats_queue *q);

/* One that was on its way when the lane ceased to read is held, and told when it reads again. */
static void deliver(struct nats_queue *q, const struct nats_delivery *got,
                    const struct nats_answer *m)
{
    struct nats_tasks *t = nats_owner(q);
    struct nats_entry *entry = nats_entry_find(t, got->sequence);

    if (nats_job_has(t, got->sequence)) {
        nats_job_delivered(t, got->sequence, m->reply);
    } else if (entry != NULL) {
        nats_entry_delivered(entry, m->reply, got->deliveries);
    } else {
        entry = nats_entry_new(q, got->sequence);
        nats_entry_delivered(entry, m->reply, got->deliveries);
        if (q->lane->reads && q->unanswered < BRIDGE_UNANSWERED_MAX)
            nats_tell_message(entry, m->subject, m->data, m->bytes);
        else
            q->rescan = true;
    }
}

void nats_queue_delivered(struct nats_queue *q, const struct nats_delivery *got,
                          const struct nats_answer *m)
{
    deliver(q, got, m);
    if (q->pulled == 0 || --q->pulled > 0)
        return;
    nats_pulled(nats_owner(q)->link, q->pull);
    q->lane->asked--; /* it has not been left: it was found */
    pull(q);
}

/* Behind a fault, and what says that there is no consumer, the next look goes on. */
static void on_pull_over(void *arg, const struct nats_answer *a)
{
    struct nats_queue *q = arg;

    q->pulled = 0;
    if (nats_lane_answered(q->lane) && a->fault == NULL && a->status != NULL &&
        strcmp(a->status, "408") == 0)
        pull(q);
}

static void pull(struct nats_queue *q)
{
    struct nats_tasks *t = nats_owner(q);
    bool wanted = q->lane->reads && q->unanswered < NATS_TOLD_MAX && bridge_has_room(&t->teller);
    uint32_t batch = wanted ? NATS_TOLD_MAX - q->unanswered : NATS_TOLD_MAX;
    auto_mem char *subject = NULL;
    char body[96];

    if (!q->ready || q->pulled > 0 || (!wanted && q->claims == 0))
        return;
    subject = mem_printf("$JS.API.CONSUMER.MSG.NEXT.%s.%s", NATS_TASKS_STREAM, q->consumer);
    snprintf(body, sizeof body, "{\"batch\":%u,\"expires\":%lld}", batch, NATS_PULL_MS * MS_NS);
    q->pull =
        nats_pull(t->link,
                  &(struct nats_message){.subject = subject, .data = body, .bytes = strlen(body)},
                  NATS_PULL_MS, on_pull_over, q);
    if (q->pull == 0)
        return;
    q->pulled = batch;
    q->lane->asked++;
}

void nats_queue_go_on(struct nats_queue *q)
{
    if (q->lane->left || !q->ready)
        return;
    if (q->lane->reads && !q->scanning && q->unanswered < NATS_TOLD_MAX &&
        (q->rescan || (q->rescan_ns != 0 && q->rescan_ns <= clock_mono_ns())))
        nats_scan_begin(q);
    nats_scan_go_on(q);
    pull(q);
}

void nats_queue_reads(struct nats_queue *q)
{
    if (!q->ready)
        return;
    q->epoch++;
    nats_scan_begin(q);
    nats_queue_go_on(q);
}

static void stop(struct nats_queue *q)
{
    struct nats_entry *entry;

    q->ready = q->beginning = q->looking = q->scanning = q->short_of = false;
    TAILQ_FOREACH(entry, &q->entries, link)
    {
        nats_entry_answered(entry);
    }
}

/* The host takes nothing of it for there. */
void nats_queue_lost(struct nats_queue *q)
{
    stop(q);
    q->epoch++;
}

void nats_queue_afresh(struct nats_queue *q)
{
    struct nats_entry *entry;

    stop(q);
    TAILQ_FOREACH(entry, &q->entries, link)
    {
        free(entry->reply);
        entry->reply = NULL;
    }
}

/* ---- its consumer ---- */

static void begun(struct nats_queue *q)
{
    struct buf body = {0};

    q->ready = true;
    q->complained = false;
    if (q->lane->reads) {
        nats_scan_begin(q);
    } else {
        bridge_queue_pack(&body, &q->name);
        nats_tell(nats_owner(q), BRIDGE_SCANNED, &body);
    }
    nats_queue_go_on(q);
}

static void on_begun(void *arg, const struct nats_answer *a)
{
    struct nats_queue *q = arg;
    struct err e = {0};
    uint32_t depth;

    q->beginning = false;
    if (!nats_lane_answered(q->lane) || a->fault != NULL)
        return;
    if (js_read_consumer(a->data, a->bytes, &depth, NULL, &e)) {
        begun(q);
    } else if (!q->complained) {
        q->complained = true;
        log_event(LOG_ERROR, "nats.consumer_unusable", F_STR("consumer", q->consumer), F_ERR(&e));
    }
}

static void begin(struct nats_queue *q)
{
    struct nats_tasks *t = nats_owner(q);
    auto_mem char *body = mem_printf(
        "{\"stream_name\":\"%s\",\"config\":{\"durable_name\":\"%s\",\"deliver_policy\":\"all\","
        "\"ack_policy\":\"explicit\",\"ack_wait\":%lld,\"max_deliver\":-1,\"max_ack_pending\":-1,"
        "\"filter_subject\":\"%s\",\"replay_policy\":\"instant\"}}",
        NATS_TASKS_STREAM, q->consumer, t->setup.idle_ms * MS_NS, q->filter);

    if (q->beginning)
        return;
    q->beginning = nats_ask_api(t, on_begun, q, body, "CONSUMER.DURABLE.CREATE.%s.%s",
                                NATS_TASKS_STREAM, q->consumer);
    q->lane->asked += q->beginning;
}

static void tell_depth(struct nats_queue *q, uint32_t entries)
{
    struct bridge_depth depth = {q->name, entries};
    struct buf body = {0};

    bridge_depth_pack(&body, &depth);
    nats_tell(nats_owner(q), BRIDGE_DEPTH, &body);
}

/* Twice in a row: between what it counted and what we did some may have come or gone. */
static void look_for_lost(struct nats_queue *q, uint32_t depth)
{
    bool short_of = depth < q->known;

    if (short_of && q->short_of && !q->scanning)
        nats_scan_begin(q);
    q->short_of = short_of && !q->short_of;
}

static void on_looked(void *arg, const struct nats_answer *a)
{
    struct nats_queue *q = arg;
    uint32_t depth;
    int code = 0;

    q->looking = false;
    if (!nats_lane_answered(q->lane) || a->fault != NULL || !q->ready)
        return;
    if (js_read_consumer(a->data, a->bytes, &depth, &code, NULL)) {
        tell_depth(q, depth);
        look_for_lost(q, depth);
        nats_queue_go_on(q);
    } else if (code == JS_CONSUMER_NOT_FOUND || code == JS_STREAM_NOT_FOUND) {
        nats_queue_afresh(q);
        begin(q);
    }
}

void nats_queue_look(struct nats_queue *q)
{
    if (q->lane->left || strlen(q->consumer) > NATS_NAME_BYTES_MAX)
        return;
    if (!q->ready) {
        begin(q);
        return;
    }
    if (q->looking)
        return;
    q->looking = nats_ask_api(nats_owner(q), on_looked, q, "", "CONSUMER.INFO.%s.%s",
                              NATS_TASKS_STREAM, q->consumer);
    q->lane->asked += q->looking;
}
