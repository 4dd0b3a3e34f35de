/* intake.c -- an entry that somebody added becomes a task of its lane, or a dead letter. See
 * entries.h.
 *
 *   the entry                                      so
 *   of a task that is here and has no entry        it is the task's: TAKE
 *   of no task yet                                 enqueued as a client's would be, then TAKE
 *   of a task that has another entry, or is over   DONE
 *   of a task that another host has                RELEASE
 *   refused for now: full, draining, shedding      RELEASE
 *   that can be no task                            DEAD */
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"
#include "engine/entries/inside.h"
#include "engine/env/audit.h"
#include "engine/lanes/tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of an entry in the express half that says none. */
enum { FOREIGN_EXPRESS_PRIORITY = 15 };

struct intake {
    struct entries *owner;
    struct bridge_task task; /* its payload is text below */
    char *payload;
    char *key;
    LIST_ENTRY(intake) link;
};

static void intake_free(struct intake *in)
{
    LIST_REMOVE(in, link);
    free(in->payload);
    free(in->key);
    free(in);
}

void intakes_free(struct entries *entries)
{
    while (!LIST_EMPTY(&entries->intakes))
        intake_free(LIST_FIRST(&entries->intakes));
}

const struct bridge_entry *intake_of(const struct entries *entries, const char *key)
{
    const struct intake *in;

    LIST_FOREACH(in, &entries->intakes, link)
    {
        if (strcmp(in->key, key) == 0)
            return &in->task.entry;
    }
    return NULL;
}

/* ---- what it becomes ---- */

/* What was not there stays "". */
static void poison(const struct entries *entries, const struct bridge_task *task, const char *why)
{
    struct bridge_task dead = *task;
    struct buf body = {0};
    char now[CLOCK_TEXT_BYTES];

    clock_text(entries->env->clock.wall_us(), now);
    snprintf(dead.failed_at, sizeof dead.failed_at, "%s", now);
    snprintf(dead.fault, sizeof dead.fault, "%s", why);
    log_event(LOG_WARN, "lane.poison", F_STR("lane", task->entry.queue.lane),
              F_STR("entry", task->entry.id), F_STR("task_id", task->task_id), F_STR("error", why));
    bridge_task_pack(&body, &dead);
    bridge_client_say(entries->env->bridge, BRIDGE_DEAD, &body);
}

static bool is_over(const struct entries *entries, const char *tenant, const char *run_id)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    if (!store_read_run_head(entries->env->reader, tenant, run_id, &rows, &e) || rows.count == 0)
        return false;
    switch (rows.rows[0].status) {
    case STORE_RUN_COMPLETED:
    case STORE_RUN_FAILED:
    case STORE_RUN_CANCELLED:
        return true;
    default:
        return false;
    }
}

/* Its task is in the store. */
static void settle(struct entries *entries, const struct bridge_task *task, const char *key,
                   const char *run_id)
{
    struct active_run *ar = runs_find(entries->ctl->runs, task->tenant, run_id);
    struct entry_queue *queue = entry_queue_of(entries, &task->entry.queue);
    struct entry *entry;

    if (ar != NULL)
        entries_know(entries, ar);
    entry = entry_of(entries, key);
    if (entry != NULL && queue != NULL && entry->queue->lane == queue->lane) {
        if (entry->state != ENTRY_THERE)
            entry_is(entries, entry, queue, task->entry.id);
        else if (strcmp(entry->it.id, task->entry.id) != 0 || entry->queue != queue)
            entry_say(entries, BRIDGE_DONE, &task->entry);
        return;
    }
    entry_say(entries,
              ar == NULL && !is_over(entries, task->tenant, run_id) ? BRIDGE_RELEASE : BRIDGE_DONE,
              &task->entry);
}

/* It will never be taken, as it is. */
static bool is_poison(const struct api_outcome *out)
{
    switch (out->e->code) {
    case ERR_INVALID:
    case ERR_TOO_LARGE:
    case ERR_CONFLICT:
        return true;
    default:
        return false;
    }
}

static void enqueued(void *arg, const struct api_outcome *out)
{
    struct intake *in = arg;
    struct entries *entries = in->owner;

    in->task.payload = in->payload;
    if (entry_lane_of(entries, in->task.entry.queue.lane) == NULL)
        ; /* it has no such backend any more: the bridge has forgotten the entry */
    else if (out->e == NULL)
        settle(entries, &in->task, in->key, out->run_id);
    else if (is_poison(out))
        poison(entries, &in->task, out->e->msg);
    else
        entry_say(entries, BRIDGE_RELEASE, &in->task.entry);
    intake_free(in);
}

/* ---- what it says ---- */

/* The stream decides the half, whatever the priority says (LANES_KIT.md 10). */
static int32_t priority_of(const struct entries *entries, const struct bridge_task *task)
{
    bool express = task->entry.queue.express;
    struct lane_spec spec = lane_spec_typed(0);
    char *end;
    long said = strtol(task->priority, &end, 10);
    int32_t priority;

    (void)!lanes_get(attempts_lanes(entries->ctl->attempts), task->entry.queue.lane, &spec);
    if (end == task->priority || *end != '\0' || said < 1 || said > LANE_PRIORITY_MAX)
        said = express ? FOREIGN_EXPRESS_PRIORITY : LANE_PRIORITY_DEFAULT;
    priority = (int32_t)said;
    if (express && priority < spec.express_priority && spec.express_priority <= LANE_PRIORITY_MAX)
        priority = spec.express_priority;
    if (!express && priority >= spec.express_priority)
        priority = spec.express_priority > 1 ? spec.express_priority - 1 : 1;
    return priority;
}

/* It can be a task. */
static bool read_task(const struct bridge_task *task, json_t **ret_payload, struct err *e)
{
    const struct json_limits limits = {RUN_INPUT_BYTES_MAX, JSON_DEPTH_MAX, RUN_INPUT_VALUES_MAX};

    if (task->fault[0] != '\0')
        return err_set(e, ERR_INVALID, "%s", task->fault);
    if (!name_check_task(task->task_id, e))
        return false;
    if (!json_parse(task->payload, task->payload_bytes, &limits, ret_payload, NULL, e))
        return err_wrap(e, "'payload'");
    return json_is_object(*ret_payload) || err_set(e, ERR_INVALID, "'payload' is no object");
}

static struct intake *intake_new(struct entries *entries, const struct bridge_task *task,
                                 const char *key)
{
    struct intake *in = mem_new(struct intake);

    in->owner = entries;
    in->task = *task;
    in->payload = mem_strn(task->payload, task->payload_bytes);
    in->key = mem_str(key);
    LIST_INSERT_HEAD(&entries->intakes, in, link);
    return in;
}

static void enqueue(struct entries *entries, const struct bridge_task *task, const char *key,
                    const json_t *payload)
{
    auto_mem char *subject =
        mem_printf("%s:%s",
                   lane_backend_text(entry_lane_of(entries, task->entry.queue.lane)->backend),
                   task->entry.queue.lane);
    char trace[ACTOR_TRACE_BYTES];
    const struct api_actor who = {.tenant = task->tenant,
                                  .subject = subject,
                                  .reason = "",
                                  .ticket = "",
                                  .trace_id = trace,
                                  .traceparent = ""};

    actor_trace(entries->env, trace);
    tasks_enqueue(entries->ctl->tasks, &who,
                  &(struct api_task){.lane = task->entry.queue.lane,
                                     .task_id = task->task_id,
                                     .payload = payload,
                                     .priority = priority_of(entries, task),
                                     .force = true},
                  enqueued, intake_new(entries, task, key));
}

void intake_take(struct entries *entries, const struct bridge_task *said)
{
    struct entry_queue *queue = entry_queue_of(entries, &said->entry.queue);
    auto_json payload = NULL;
    struct bridge_task task = *said;
    auto_mem char *key = NULL;
    struct entry *entry;
    struct err e = {0};

    if (queue == NULL)
        return;
    if (!read_task(said, &payload, &e)) {
        poison(entries, said, e.msg);
        return;
    }
    if (task.tenant[0] == '\0' || !name_check_tenant(task.tenant, &e))
        snprintf(task.tenant, sizeof task.tenant, "%s", entries->env->set.tenant);
    key = entry_key_owned(task.tenant, task.task_id);
    entry = entry_of(entries, key);
    if (entry != NULL && entry->queue == queue &&
        (entry->state != ENTRY_THERE || strcmp(entry->it.id, task.entry.id) == 0)) {
        if (entry->state == ENTRY_THERE && !entry->stale)
            entry_say(entries, BRIDGE_TAKE, &entry->it);
        else
            entry_is(entries, entry, queue, task.entry.id);
        return;
    }
    enqueue(entries, &task, key, payload);
}
