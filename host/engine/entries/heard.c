/* heard.c -- what the bridge says of entries. See entries.h. */
#include "base/log.h"
#include "base/mem.h"
#include "engine/entries/inside.h"

#include <string.h>

static bool on_entry(struct entries *entries, const struct message *m)
{
    struct bridge_task task;

    if (!bridge_task_unpack(m, &task, NULL))
        return false;
    intake_take(entries, &task);
    return true;
}

static void refused(struct entry *entry, const char *why)
{
    log_event(LOG_WARN, "lane.entry_refused", F_STR("lane", entry->queue->lane->name),
              F_STR("task_id", entry->ar->task_id), F_STR("tenant", entry->ar->tenant),
              F_STR("error", why));
    entry->state = ENTRY_REFUSED;
}

static bool on_added(struct entries *entries, const struct message *m)
{
    struct bridge_added added;
    auto_mem char *key = NULL;
    struct entry_queue *queue;
    struct entry *entry;

    if (!bridge_added_unpack(m, &added, NULL))
        return false;
    key = entry_key_owned(added.tenant, added.task_id);
    queue = entry_queue_of(entries, &added.entry.queue);
    entry = entry_of(entries, key);
    if (entry != NULL && entry->state == ENTRY_ADDING && queue != NULL) {
        if (added.entry.id[0] != '\0') {
            entry_is(entries, entry, queue, added.entry.id);
            return true;
        }
        entry_reset(entries, entry);
        refused(entry, added.why);
    } else if (added.entry.id[0] != '\0' &&
               (entry == NULL || strcmp(entry->it.id, added.entry.id) != 0)) {
        entry_say(entries, BRIDGE_DONE, &added.entry); /* it ended meanwhile, or has another */
    }
    entries_add_wanted(entries);
    return true;
}

/* The one of which this is said; NULL: it has ended, or is not that one any more. */
static struct entry *entry_said(const struct entries *entries, const struct bridge_entry *it)
{
    const struct entry_queue *queue = entry_queue_of(entries, &it->queue);

    return queue != NULL ? entry_by_id(queue, it->id) : NULL;
}

static bool on_claimed(struct entries *entries, const struct message *m)
{
    struct bridge_counted counted;
    struct entry *entry;

    if (!bridge_counted_unpack(m, &counted, NULL))
        return false;
    entry = entry_said(entries, &counted.entry);
    if (entry == NULL || !entry->asked)
        return true;
    entry->asked = false;
    entry->claimed = counted.count > 0;
    attempts_claimed(entries->ctl->attempts, entry->ar, entry->claimed);
    return true;
}

static bool on_acked(struct entries *entries, const struct message *m)
{
    struct bridge_counted counted;

    if (!bridge_counted_unpack(m, &counted, NULL))
        return false;
    acks_add(&entries->acks, counted.count > 0, entries->env->clock.mono_ns());
    if (counted.count == 0)
        metrics_add(entries->env->metrics, METRIC_ACK_FAILURES, METRIC_NO_LABELS, 1);
    return true;
}

static bool on_gone(struct entries *entries, const struct message *m)
{
    struct bridge_entry it;
    struct entry *entry;

    if (!bridge_entry_unpack(m, &it, NULL))
        return false;
    entry = entry_said(entries, &it);
    if (entry != NULL)
        entry_want(entries, entry);
    return true;
}

static bool on_scanned(struct entries *entries, const struct message *m)
{
    struct bridge_queue said;
    struct entry_queue *queue;

    if (!bridge_scanned_unpack(m, &said, NULL))
        return false;
    queue = entry_queue_of(entries, &said);
    if (queue != NULL)
        entry_queue_ready(entries, queue);
    return true;
}

static bool on_depth(struct entries *entries, const struct message *m)
{
    struct bridge_depth said;
    struct entry_queue *queue;
    struct entry *entry, *next;

    if (!bridge_depth_unpack(m, &said, NULL))
        return false;
    queue = entry_queue_of(entries, &said.queue);
    if (queue == NULL)
        return true;
    queue->depth = said.entries;
    entry_queue_unread(entries, queue);
    for (entry = TAILQ_FIRST(&queue->entries); entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (entry->state == ENTRY_REFUSED)
            entry_want(entries, entry);
    }
    attempts_unpark(entries->ctl->attempts, queue->lane->name);
    return true;
}

bool entries_heard(void *arg, const struct message *m)
{
    switch (m->type) {
    case BRIDGE_ENTRY:
        return on_entry(arg, m);
    case BRIDGE_ADDED:
        return on_added(arg, m);
    case BRIDGE_CLAIMED:
        return on_claimed(arg, m);
    case BRIDGE_ACKED:
        return on_acked(arg, m);
    case BRIDGE_GONE:
        return on_gone(arg, m);
    case BRIDGE_SCANNED:
        return on_scanned(arg, m);
    case BRIDGE_DEPTH:
        return on_depth(arg, m);
    default:
        return false;
    }
}
