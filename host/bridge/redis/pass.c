/* pass.c -- see pass.h. */
#include "bridge/redis/pass.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>

static void next_page(struct redis_queue *q);

/* ---- an entry ---- */

static void on_room(uv_timer_t *timer)
{
    struct redis_tasks *t = timer->data;

    for (struct redis_queue *q = t->queues; q != NULL; q = q->hh.next)
        pass_go_on(q);
}

/* It is looked at again soon: nothing says when the host has heard. */
bool pass_has_room(struct redis_tasks *t)
{
    enum { SOON_MS = 20 };

    if (bridge_has_room(&t->teller))
        return true;
    if (!uv_is_active((uv_handle_t *)&t->room))
        uv_timer_start(&t->room, on_room, SOON_MS, 0);
    return false;
}

static bool is_full(struct redis_tasks *t)
{
    bool full = t->known >= QUEUE_ENTRIES_MAX;

    if (full && !t->told_full)
        log_event(LOG_ERROR, "lane.entries_full", F_INT("entries", t->known));
    t->told_full = full;
    return full;
}

static void tell(struct redis_queue *q, struct stream_id id, struct bridge_task *task)
{
    struct stream_id_text text = stream_id_text(id);
    struct buf body = {0};

    task->entry.queue = q->name;
    snprintf(task->entry.id, sizeof task->entry.id, "%s", text.text);
    bridge_task_pack(&body, task);
    bridge_tell(&q->of->teller, BRIDGE_ENTRY, &body);
}

/* One that the host does not know. False: not now. */
static bool meet(struct redis_queue *q, struct stream_id id, struct bridge_task *task)
{
    struct entry *lost = queue_find(q, id);

    if (lost == NULL && !q->reads)
        return true;
    q->waits_add = adding_has(&q->adding, task->tenant, task->task_id);
    if (q->waits_add || q->entries.count[ENTRY_TOLD] >= BRIDGE_UNANSWERED_MAX || is_full(q->of) ||
        !pass_has_room(q->of))
        return false;
    if (lost == NULL) {
        queue_add(q, id, ENTRY_TOLD);
    } else {
        lost->pass = q->pass;
        entries_move(&q->entries, lost, ENTRY_TOLD);
    }
    tell(q, id, task);
    return true;
}

bool pass_take_page(struct redis_queue *q, const struct page *page)
{
    auto_mem struct bridge_task *task = mem_new(struct bridge_task);
    struct stream_id id;

    for (size_t i = 0; i < page->count; i++) {
        struct entry *known;

        if (!page_entry(page->entries[i], &id, task)) {
            queue_trouble(q, "read an entry", page->entries[i]);
            return false; /* the next sweep tries again */
        }
        if (!stream_id_after(id, q->cursor))
            continue;
        known = queue_find(q, id);
        if (known != NULL && known->state != ENTRY_LOST)
            known->pass = q->pass;
        else if (!meet(q, id, task))
            return false;
        q->cursor = id;
    }
    return true;
}

static void on_entry(const struct queue_asked *asked, const redisReply *reply)
{
    auto_mem struct bridge_task *task = mem_new(struct bridge_task);
    struct redis_queue *q = asked->q;
    struct entry *entry = queue_find(q, asked->id);
    struct stream_id id;
    struct page page;

    if (q->left || entry == NULL || entry->state != ENTRY_ELSEWHERE || reply == NULL ||
        !page_of_range(reply, &page))
        return;
    if (page.count == 0) {
        queue_tell_gone(q, entry->id);
        queue_drop(q, entry);
    } else if (page_entry(page.entries[0], &id, task) &&
               q->entries.count[ENTRY_TOLD] < BRIDGE_UNANSWERED_MAX && pass_has_room(q->of)) {
        entries_move(&q->entries, entry, ENTRY_TOLD);
        tell(q, entry->id, task);
    }
}

void pass_tell_again(struct redis_queue *q, struct entry *entry)
{
    struct stream_id_text id = stream_id_text(entry->id);

    /* Down: the next sweep tries again. */
    (void)!queue_ask((struct queue_asked){.q = q, .fn = on_entry, .id = entry->id},
                     "XRANGE %s %s %s", q->key, id.text, id.text);
}

/* ---- a pass ---- */

static void tell_scanned(struct redis_queue *q)
{
    struct buf body = {0};

    bridge_queue_pack(&body, &q->name);
    bridge_tell(&q->of->teller, BRIDGE_SCANNED, &body);
}

/* What came while it was under way was perhaps passed before it came. */
static void end_pass(struct redis_queue *q)
{
    struct entry *next;

    q->passing = false;
    for (struct entry *e = q->entries.all; e != NULL; e = next) {
        next = e->hh.next;
        if (e->pass == q->pass || e->state == ENTRY_DONE)
            continue;
        if (e->state != ENTRY_LOST)
            queue_tell_gone(q, e->id);
        queue_drop(q, e);
    }
    if (!q->left)
        tell_scanned(q);
    pass_go_on(q);
}

static void on_page(const struct queue_asked *asked, const redisReply *reply)
{
    struct redis_queue *q = asked->q;
    struct page page;

    q->paging = false;
    if (reply == NULL || !q->passing)
        return;
    if (q->again) {
        pass_begin(q);
    } else if (!page_of_range(reply, &page)) {
        queue_trouble(q, "read", reply); /* the next sweep goes on */
    } else if (page.count == 0) {
        end_pass(q);
    } else if (pass_take_page(q, &page)) {
        next_page(q);
    }
}

static bool may_tell_a_page(const struct redis_queue *q)
{
    return q->entries.count[ENTRY_TOLD] + QUEUE_PAGE_ENTRIES <= BRIDGE_UNANSWERED_MAX &&
           q->of->known < QUEUE_ENTRIES_MAX && !q->waits_add;
}

static void next_page(struct redis_queue *q)
{
    struct stream_id_text after = stream_id_text(q->cursor);

    if (q->paging || q->stuck || !may_tell_a_page(q) || !pass_has_room(q->of))
        return;
    q->paging = queue_ask((struct queue_asked){.q = q, .fn = on_page}, "XRANGE %s (%s + COUNT %d",
                          q->key, after.text, QUEUE_PAGE_ENTRIES);
}

void pass_begin(struct redis_queue *q)
{
    if (q->left || q->group_is != GROUP_MADE)
        return; /* one follows when it is made */
    q->again = q->paging;
    q->passing = true;
    q->asked = false;
    if (q->paging)
        return;
    q->pass++;
    q->cursor = (struct stream_id){0};
    next_page(q);
}

void pass_go_on(struct redis_queue *q)
{
    if (q->passing)
        next_page(q);
    else if (pass_follows(q) && !q->asked)
        q->of->wake(q->of);
}

bool pass_follows(const struct redis_queue *q)
{
    return q->reads && !q->left && !q->stuck && q->group_is == GROUP_MADE && !q->passing &&
           may_tell_a_page(q);
}

/* ---- the group ---- */

static void on_group(const struct queue_asked *asked, const redisReply *reply)
{
    struct redis_queue *q = asked->q;

    if (reply == NULL)
        return;
    if (reply->type == REDIS_REPLY_ERROR && !page_is_error(reply, "BUSYGROUP")) {
        q->group_is = GROUP_UNKNOWN; /* the next sweep tries again */
        queue_trouble(q, "make the group", reply);
        return;
    }
    q->group_is = GROUP_MADE;
    queue_is_well(q);
    pass_begin(q);
}

void pass_make_group(struct redis_queue *q)
{
    if (!q->left && q->group_is == GROUP_UNKNOWN &&
        queue_ask((struct queue_asked){.q = q, .fn = on_group}, "XGROUP CREATE %s %s 0 MKSTREAM",
                  q->key, q->group))
        q->group_is = GROUP_ASKED;
}

void pass_no_group(struct redis_queue *q)
{
    if (q->group_is == GROUP_MADE)
        q->group_is = GROUP_UNKNOWN;
    pass_make_group(q);
}
