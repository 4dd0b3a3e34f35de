/* adds.c -- the host's own tasks as messages. See inside.h.
 *
 * The id of a message is its task's. JetStream drops a second one within its window, though the
 * first may be gone (its task was resumed, the stream purged) or be another tenant's: so what it
 * calls a duplicate is looked at, and added without an id unless it is the task. */
#include "bridge/nats/body.h"
#include "bridge/nats/inside.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct add {
    struct nats_queue *queue;
    char tenant[BRIDGE_TEXT_BYTES_MAX], task_id[BRIDGE_TEXT_BYTES_MAX];
    char *subject;
    struct buf body;
    bool again; /* without an id */
};

static void add_free(struct add *add)
{
    if (add == NULL)
        return;
    free(add->subject);
    buf_done(&add->body);
    free(add);
}
DEFINE_AUTO(add)

static void tell(const struct add *add, uint64_t sequence, const char *why)
{
    struct bridge_added added = {.entry.queue = add->queue->name};
    struct buf body = {0};

    if (sequence != 0)
        snprintf(added.entry.id, sizeof added.entry.id, "%" PRIu64, sequence);
    snprintf(added.tenant, sizeof added.tenant, "%s", add->tenant);
    snprintf(added.task_id, sizeof added.task_id, "%s", add->task_id);
    snprintf(added.why, sizeof added.why, "%s", why);
    bridge_added_pack(&body, &added);
    nats_tell(nats_owner(add->queue), BRIDGE_ADDED, &body);
}

static void added(struct add *add, uint64_t sequence)
{
    struct nats_queue *q = add->queue;
    struct nats_entry *entry = nats_entry_find(nats_owner(q), sequence);

    if (entry == NULL)
        entry = nats_entry_new(q, sequence);
    entry->epoch = q->epoch;
    tell(add, sequence, "");
    nats_queue_go_on(q);
}

static void on_added(void *arg, const struct nats_answer *a);

/* Takes it. */
static void publish(struct add *given)
{
    auto_obj(add) add = given;
    struct nats_queue *q = add->queue;

    if (nats_ask(nats_owner(q)->link,
                 &(struct nats_message){add->subject, add->again ? NULL : add->task_id,
                                        add->body.data, add->body.len},
                 on_added, add)) {
        q->lane->asked++;
        add = NULL;
        return;
    }
    tell(add, 0, "NATS takes no more");
}

/* True: the message that is there is the task's. */
static bool is_it(const struct add *add, const struct js_message *m)
{
    auto_done(buf) payload = {0};
    struct bridge_task task;

    if (nats_job_has(nats_owner(add->queue), m->sequence) || strcmp(m->subject, add->subject) != 0)
        return false;
    nats_read_body(m->subject, m->data.data, m->data.len, &payload, &task);
    return strcmp(task.task_id, add->task_id) == 0 && strcmp(task.tenant, add->tenant) == 0;
}

static void on_first(void *arg, const struct nats_answer *a)
{
    auto_obj(add) add = arg;
    auto_done(js_message) m = {0};

    if (!nats_lane_answered(add->queue->lane) || !nats_link_is_up(nats_owner(add->queue)->link))
        return;
    if (a->fault != NULL) {
        tell(add, 0, a->fault);
    } else if (js_read_message(a->data, a->bytes, &m, NULL, NULL) && is_it(add, &m)) {
        added(add, m.sequence);
    } else {
        add->again = true;
        publish(take(add));
    }
}

static void look_at_first(struct add *given, uint64_t sequence)
{
    auto_obj(add) add = given;
    struct nats_lane *lane = add->queue->lane;
    char body[64];

    snprintf(body, sizeof body, "{\"seq\":%" PRIu64 "}", sequence);
    if (nats_ask_api(lane->owner, on_first, add, body, "STREAM.MSG.GET.%s", NATS_TASKS_STREAM)) {
        lane->asked++;
        add = NULL;
        return;
    }
    tell(add, 0, "NATS takes no more");
}

/* Of a lane whose connection is lost nothing is told: the host adds it anew. */
static void on_added(void *arg, const struct nats_answer *a)
{
    auto_obj(add) add = arg;
    struct nats_tasks *t = nats_owner(add->queue);
    struct bridge_queue name = add->queue->name;
    struct js_stored stored = {0};
    struct err e = {0};
    bool is_stored = a->fault == NULL && js_read_stored(a->data, a->bytes, &stored, &e);

    if (!nats_lane_answered(add->queue->lane)) {
        if (is_stored && !stored.duplicate)
            nats_job_begin(t, &name, stored.sequence, NULL, true);
        return;
    }
    if (!nats_link_is_up(t->link))
        return;
    if (!is_stored)
        tell(add, 0, a->fault != NULL ? a->fault : e.msg);
    else if (stored.duplicate && !add->again)
        look_at_first(take(add), stored.sequence);
    else
        added(add, stored.sequence);
}

void nats_add(struct nats_queue *q, const struct bridge_task *task)
{
    struct add *add = mem_new(struct add);
    struct buf subject = {0};

    add->queue = q;
    snprintf(add->tenant, sizeof add->tenant, "%s", task->tenant);
    snprintf(add->task_id, sizeof add->task_id, "%s", task->task_id);
    nats_add_subject(&subject, task->tenant, &q->name);
    add->subject = buf_take(&subject);
    nats_add_body(&add->body, task);
    if (q->ready) {
        publish(add);
        return;
    }
    if (nats_link_is_up(nats_owner(q)->link))
        tell(add, 0, "its queue is not there yet");
    add_free(add);
}
