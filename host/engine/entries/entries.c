/* entries.c -- see entries.h. */
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/commit/acts.h"
#include "engine/entries/inside.h"

#include <stdio.h>
#include <string.h>

enum { ADDING_MAX = 256, ADDING_BYTES_MAX = 4 * 1024 * 1024 };

struct entries *entries_new(const struct control *ctl)
{
    struct entries *entries = mem_new(struct entries);

    entries->ctl = ctl;
    entries->env = ctl->env;
    TAILQ_INIT(&entries->wanted);
    LIST_INIT(&entries->intakes);
    if (ctl->env->bridge != NULL)
        bridge_client_listen(ctl->env->bridge,
                             &(struct bridge_listener){entries_fresh, entries_state, entries_heard,
                                                       entries});
    return entries;
}

void entries_free(struct entries *entries)
{
    struct entry *entry, *next;

    if (entries == NULL)
        return;
    if (entries->env->bridge != NULL)
        bridge_client_listen(entries->env->bridge, &(struct bridge_listener){0});
    HASH_ITER(hh, entries->all, entry, next)
    entry_free(entries, entry);
    intakes_free(entries);
    entry_lanes_free(entries);
    free(entries);
}

/* ---- one entry ---- */

char *entry_key_owned(const char *tenant, const char *task_id)
{
    return mem_printf("%s\n%s", tenant, task_id);
}

struct entry *entry_of(const struct entries *entries, const char *key)
{
    struct entry *entry;

    HASH_FIND_STR(entries->all, key, entry);
    return entry;
}

struct entry *entry_by_id(const struct entry_queue *queue, const char *id)
{
    struct entry *entry;

    HASH_FIND(by_id, queue->by_id, id, strlen(id), entry);
    return entry;
}

void entry_say(const struct entries *entries, enum bridge_message type,
               const struct bridge_entry *it)
{
    struct buf body = {0};

    bridge_entry_pack(&body, it);
    bridge_client_say(entries->env->bridge, type, &body);
}

static void join(struct entry *entry, struct entry_queue *queue)
{
    entry->queue = queue;
    snprintf(entry->it.queue.lane, sizeof entry->it.queue.lane, "%s", queue->lane->name);
    entry->it.queue.express = queue == &queue->lane->queues[LANE_EXPRESS];
    TAILQ_INSERT_TAIL(&queue->entries, entry, link);
}

struct entry *entry_new(struct entries *entries, struct active_run *ar, struct entry_queue *queue)
{
    struct entry *entry = mem_new(struct entry);

    entry->ar = ar;
    entry->key = entry_key_owned(ar->tenant, ar->task_id);
    HASH_ADD_KEYPTR(hh, entries->all, entry->key, strlen(entry->key), entry);
    join(entry, queue);
    ar->entry = entry;
    return entry;
}

void entry_reset(struct entries *entries, struct entry *entry)
{
    if (entry->state == ENTRY_LISTED)
        TAILQ_REMOVE(&entries->wanted, entry, of_wanted);
    if (entry->state == ENTRY_THERE)
        HASH_DELETE(by_id, entry->queue->by_id, entry);
    if (entry->state == ENTRY_ADDING) {
        entries->adding--;
        entries->adding_bytes -= entry->adding_bytes;
    }
    entry->it.id[0] = '\0';
    entry->state = ENTRY_WANTED;
    entry->stale = false;
}

static void leave(struct entries *entries, struct entry *entry)
{
    entry_reset(entries, entry);
    TAILQ_REMOVE(&entry->queue->entries, entry, link);
}

void entry_free(struct entries *entries, struct entry *entry)
{
    leave(entries, entry);
    HASH_DEL(entries->all, entry);
    entry->ar->entry = NULL;
    free(entry->key);
    free(entry);
}

void entry_claim(struct entries *entries, struct entry *entry)
{
    struct bridge_claim claim = {.entry = entry->it};
    struct buf body = {0};

    snprintf(claim.consumer, sizeof claim.consumer, "%s", entry->consumer);
    bridge_claim_pack(&body, &claim);
    bridge_client_say(entries->env->bridge, BRIDGE_CLAIM, &body);
}

/* ---- adding ---- */

/* ADD or DEAD, what only the latter has filled in already. How many bytes it took. */
static size_t say_task(const struct entries *entries, const struct entry *entry,
                       enum bridge_message type, struct bridge_task *task)
{
    const struct active_run *ar = entry->ar;
    auto_done(buf) payload = {0};
    struct buf body = {0};
    char created[CLOCK_TEXT_BYTES];
    size_t bytes;

    json_add_compact(&payload, ar->input);
    clock_text(ar->created_us, created);
    task->entry = entry->it;
    snprintf(task->tenant, sizeof task->tenant, "%s", ar->tenant);
    snprintf(task->task_id, sizeof task->task_id, "%s", ar->task_id);
    snprintf(task->priority, sizeof task->priority, "%d", (int)ar->task_priority);
    snprintf(task->timestamp, sizeof task->timestamp, "%s", created);
    task->payload = buf_text(&payload);
    task->payload_bytes = payload.len;
    bridge_task_pack(&body, task);
    bytes = body.len;
    bridge_client_say(entries->env->bridge, type, &body);
    return bytes;
}

static void add(struct entries *entries, struct entry *entry)
{
    struct bridge_task task = {0};

    entry->state = ENTRY_ADDING;
    entry->adding_bytes = say_task(entries, entry, BRIDGE_ADD, &task);
    entries->adding++;
    entries->adding_bytes += entry->adding_bytes;
}

void entries_add_wanted(struct entries *entries)
{
    struct entry *entry;

    while (entries->adding < ADDING_MAX && entries->adding_bytes < ADDING_BYTES_MAX &&
           (entry = TAILQ_FIRST(&entries->wanted)) != NULL) {
        entry_reset(entries, entry);
        add(entries, entry);
    }
}

void entry_want(struct entries *entries, struct entry *entry)
{
    entry_reset(entries, entry);
    if (!entry->queue->ready)
        return;
    TAILQ_INSERT_TAIL(&entries->wanted, entry, of_wanted);
    entry->state = ENTRY_LISTED;
    entries_add_wanted(entries);
}

void entry_is(struct entries *entries, struct entry *entry, struct entry_queue *queue,
              const char *id)
{
    leave(entries, entry);
    join(entry, queue);
    snprintf(entry->it.id, sizeof entry->it.id, "%s", id);
    entry->state = ENTRY_THERE;
    HASH_ADD_KEYPTR(by_id, queue->by_id, entry->it.id, strlen(entry->it.id), entry);
    entry_queue_unread(entries, queue);
    entry_say(entries, BRIDGE_TAKE, &entry->it);
    if (entry->asked || entry->claimed)
        entry_claim(entries, entry);
    entries_add_wanted(entries);
}

void entry_lose(struct entries *entries, struct entry *entry, bool bridge_too)
{
    if (bridge_too || entry->state != ENTRY_THERE)
        entry_reset(entries, entry);
    entry->stale = entry->state == ENTRY_THERE;
    if (!entry->asked)
        return;
    entry->asked = false;
    attempts_claimed(entries->ctl->attempts, entry->ar, false);
}

/* ---- runs ---- */

static struct entry_queue *queue_for(const struct entries *entries, const struct active_run *ar)
{
    struct entry_lane *lane = entry_lane_of(entries, active_run_lane(ar));
    struct lane_spec spec;
    bool express = lane != NULL &&
                   lanes_get(attempts_lanes(entries->ctl->attempts), lane->name, &spec) &&
                   spec.has_express && ar->task_priority >= spec.express_priority;

    return lane != NULL ? &lane->queues[express ? LANE_EXPRESS : LANE_REGULAR] : NULL;
}

void entries_know(struct entries *entries, struct active_run *ar)
{
    struct entry_queue *queue;
    const struct bridge_entry *out_of;
    struct entry *entry;

    if (ar->task_id == NULL || ar->entry != NULL || ar->place == PLACE_ENDED || ar->dropped ||
        entries->lanes == NULL)
        return;
    queue = queue_for(entries, ar);
    if (queue == NULL)
        return;
    entry = entry_new(entries, ar, queue);
    out_of = intake_of(entries, entry->key);
    if (out_of != NULL && entry_lane_of(entries, out_of->queue.lane) == queue->lane)
        entry_is(entries, entry, entry_queue_of(entries, &out_of->queue), out_of->id);
    else
        entry_want(entries, entry);
}

static void say_dead(const struct entries *entries, const struct entry *entry,
                     const struct acts *acts)
{
    const struct active_run *ar = entry->ar;
    const struct node_view node = run_node(ar->run, 0);
    const char *error = node.error != NULL ? node.error : acts->run_error;
    struct bridge_task task = {0};
    char ended[CLOCK_TEXT_BYTES];

    clock_text(ar->ended_us > 0 ? ar->ended_us : acts->wall_us, ended);
    snprintf(task.failed_at, sizeof task.failed_at, "%s", ended);
    snprintf(task.consumer, sizeof task.consumer, "%s", entry->consumer);
    snprintf(task.fault, sizeof task.fault, "%s", error != NULL ? error : "");
    task.retries = node.tally.counted > 0 ? (uint32_t)node.tally.counted - 1 : 0;
    (void)say_task(entries, entry, BRIDGE_DEAD, &task);
}

void entries_ended(struct entries *entries, const struct acts *acts)
{
    struct entry *entry = acts->ar->entry;

    if (entry == NULL)
        return;
    if (acts->ar->final_state == RUN_FAILED)
        say_dead(entries, entry, acts);
    else if (entry->state == ENTRY_THERE)
        entry_say(entries, BRIDGE_DONE, &entry->it);
    entry_free(entries, entry);
}

void entries_forget(struct entries *entries, struct active_run *ar)
{
    struct entry *entry = ar->entry;

    if (entry == NULL)
        return;
    if (entry->state == ENTRY_THERE)
        entry_say(entries, BRIDGE_RELEASE, &entry->it);
    entry_free(entries, entry);
}

/* Under the name of the half in whose queue it is: the runbook knows no other there. */
static void name_consumer(struct entry *entry, const struct attempt_order *order)
{
    struct lane_worker worker = {entry->it.queue.express ? LANE_EXPRESS : LANE_REGULAR,
                                 order->item.worker.number};
    auto_mem char *name = lane_worker_name_owned(worker, entry->queue->lane->name);

    snprintf(entry->consumer, sizeof entry->consumer, "%s", name);
}

bool entries_claims(struct entries *entries, const struct attempt_order *order)
{
    struct active_run *ar = order->ar;
    struct entry *entry;

    entries_know(entries, ar);
    entry = ar->entry;
    if (entry == NULL)
        return false;
    name_consumer(entry, order);
    if (entry->claimed) {
        if (entry->state == ENTRY_THERE)
            entry_claim(entries, entry);
        return false;
    }
    entry->asked = true;
    if (entry->state == ENTRY_THERE)
        entry_claim(entries, entry);
    return true;
}

/* ---- what is told of them ---- */

void entries_gauges(const struct entries *entries, struct metrics *metrics)
{
    metrics_set(metrics, METRIC_ACK_RATE, METRIC_NO_LABELS,
                acks_rate(&entries->acks, entries->env->clock.mono_ns()));
}
