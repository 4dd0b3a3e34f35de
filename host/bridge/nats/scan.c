/* scan.c -- what is in a queue, read without being delivered, and told. See inside.h.
 *
 * A stream whose messages are work has no other reader: a second consumer of the same subject is
 * refused. So each is asked for by its place, one behind the other. */
#include "bridge/nats/body.h"
#include "bridge/nats/inside.h"

#include <inttypes.h>
#include <stdio.h>

void nats_tell_message(struct nats_entry *entry, const char *subject, const char *data,
                       size_t bytes)
{
    struct nats_queue *q = entry->queue;
    auto_done(buf) payload = {0};
    struct bridge_task task;
    struct buf body = {0};

    nats_read_body(subject, data, bytes, &payload, &task);
    task.entry.queue = q->name;
    snprintf(task.entry.id, sizeof task.entry.id, "%" PRIu64, entry->sequence);
    entry->epoch = q->epoch;
    q->unanswered += !entry->unanswered;
    entry->unanswered = true;
    bridge_task_pack(&body, &task);
    nats_tell(nats_owner(q), BRIDGE_ENTRY, &body);
}

void nats_scan_begin(struct nats_queue *q)
{
    q->scanning = true;
    q->scan_stale = q->scan_asked;
    q->scan++;
    q->cursor = 1;
    q->rescan = false;
    q->rescan_ns = 0;
    nats_scan_go_on(q);
}

/* What it did not see, and was there before it began, is not there. */
static void end(struct nats_queue *q)
{
    struct nats_entry *entry, *next;
    struct buf body = {0};

    q->scanning = false;
    for (entry = TAILQ_FIRST(&q->entries); entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (entry->seen < q->scan)
            nats_entry_gone(entry);
    }
    bridge_queue_pack(&body, &q->name);
    nats_tell(nats_owner(q), BRIDGE_SCANNED, &body);
}

static void found(struct nats_queue *q, const struct js_message *m)
{
    const struct nats_tasks *t = nats_owner(q);
    struct nats_entry *entry = nats_entry_find(t, m->sequence);

    q->cursor = m->sequence + 1;
    if (nats_job_has(t, m->sequence) || (entry == NULL && !q->lane->reads))
        return;
    if (entry == NULL)
        entry = nats_entry_new(q, m->sequence);
    entry->seen = q->scan;
    if (q->lane->reads && entry->epoch != q->epoch)
        nats_tell_message(entry, m->subject, m->data.data, m->data.len);
}

/* What fails is asked again at the next look. */
static void on_found(void *arg, const struct nats_answer *a)
{
    struct nats_queue *q = arg;
    auto_done(js_message) m = {0};
    bool stale = q->scan_stale;
    int code = 0;

    q->scan_asked = q->scan_stale = false;
    if (!nats_lane_answered(q->lane) || !q->scanning || a->fault != NULL)
        return;
    if (js_read_message(a->data, a->bytes, &m, &code, NULL)) {
        if (!stale)
            found(q, &m);
        nats_scan_go_on(q);
    } else if (code == JS_NO_MESSAGE && !stale) {
        end(q);
    } else if (stale) {
        nats_scan_go_on(q);
    }
}

void nats_scan_go_on(struct nats_queue *q)
{
    char body[2 * NATS_NAME_BYTES_MAX + 128];

    if (!q->scanning || q->scan_asked || !q->ready ||
        (q->lane->reads &&
         (q->unanswered >= NATS_TOLD_MAX || !bridge_has_room(&nats_owner(q)->teller))))
        return;
    snprintf(body, sizeof body, "{\"seq\":%" PRIu64 ",\"next_by_subj\":\"%s\"}", q->cursor,
             q->filter);
    q->scan_asked =
        nats_ask_api(nats_owner(q), on_found, q, body, "STREAM.MSG.GET.%s", NATS_TASKS_STREAM);
    q->lane->asked += q->scan_asked;
}
