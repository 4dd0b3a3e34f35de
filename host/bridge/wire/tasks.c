/* tasks.c -- see tasks.h. */
#include "bridge/wire/tasks.h"

static void read_backend(struct unpack *u, enum bridge_backend *ret)
{
    uint32_t backend = unpack_u32(u);

    u->failed |= backend >= BRIDGE_BACKENDS;
    *ret = u->failed ? BRIDGE_STORE : (enum bridge_backend)backend;
}

void bridge_lane_pack(struct buf *b, const struct bridge_lane *lane)
{
    pack_str(b, lane->name);
    pack_u32(b, lane->backend);
    pack_u32(b, lane->reads);
}

bool bridge_lane_unpack(const struct message *m, struct bridge_lane *ret, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    unpack_str(&u, ret->name, sizeof ret->name);
    read_backend(&u, &ret->backend);
    ret->reads = unpack_u32(&u) != 0;
    return unpack_end(&u, e);
}

void bridge_queue_pack(struct buf *b, const struct bridge_queue *queue)
{
    pack_str(b, queue->lane);
    pack_u32(b, queue->express);
}

static void read_queue(struct unpack *u, struct bridge_queue *ret)
{
    unpack_str(u, ret->lane, sizeof ret->lane);
    ret->express = unpack_u32(u) != 0;
}

bool bridge_scanned_unpack(const struct message *m, struct bridge_queue *ret, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    read_queue(&u, ret);
    return unpack_end(&u, e);
}

void bridge_depth_pack(struct buf *b, const struct bridge_depth *depth)
{
    bridge_queue_pack(b, &depth->queue);
    pack_u32(b, depth->entries);
}

bool bridge_depth_unpack(const struct message *m, struct bridge_depth *ret, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    read_queue(&u, &ret->queue);
    ret->entries = unpack_u32(&u);
    return unpack_end(&u, e);
}

void bridge_entry_pack(struct buf *b, const struct bridge_entry *entry)
{
    bridge_queue_pack(b, &entry->queue);
    pack_str(b, entry->id);
}

static void read_entry(struct unpack *u, struct bridge_entry *ret)
{
    read_queue(u, &ret->queue);
    unpack_str(u, ret->id, sizeof ret->id);
}

bool bridge_entry_unpack(const struct message *m, struct bridge_entry *ret, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    read_entry(&u, ret);
    return unpack_end(&u, e);
}

void bridge_claim_pack(struct buf *b, const struct bridge_claim *claim)
{
    bridge_entry_pack(b, &claim->entry);
    pack_str(b, claim->consumer);
}

bool bridge_claim_unpack(const struct message *m, struct bridge_claim *ret, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    read_entry(&u, &ret->entry);
    unpack_str(&u, ret->consumer, sizeof ret->consumer);
    return unpack_end(&u, e);
}

void bridge_counted_pack(struct buf *b, const struct bridge_counted *counted)
{
    bridge_entry_pack(b, &counted->entry);
    pack_u32(b, counted->count);
}

bool bridge_counted_unpack(const struct message *m, struct bridge_counted *ret, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    read_entry(&u, &ret->entry);
    ret->count = unpack_u32(&u);
    return unpack_end(&u, e);
}

void bridge_task_pack(struct buf *b, const struct bridge_task *task)
{
    bridge_entry_pack(b, &task->entry);
    pack_str(b, task->tenant);
    pack_str(b, task->task_id);
    pack_str(b, task->priority);
    pack_str(b, task->timestamp);
    pack_bytes(b, task->payload, task->payload_bytes);
    pack_str(b, task->fault);
    pack_str(b, task->consumer);
    pack_str(b, task->failed_at);
    pack_u32(b, task->retries);
}

bool bridge_task_unpack(const struct message *m, struct bridge_task *ret, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    read_entry(&u, &ret->entry);
    unpack_str(&u, ret->tenant, sizeof ret->tenant);
    unpack_str(&u, ret->task_id, sizeof ret->task_id);
    unpack_str(&u, ret->priority, sizeof ret->priority);
    unpack_str(&u, ret->timestamp, sizeof ret->timestamp);
    ret->payload = unpack_bytes(&u, &ret->payload_bytes);
    unpack_str(&u, ret->fault, sizeof ret->fault);
    unpack_str(&u, ret->consumer, sizeof ret->consumer);
    unpack_str(&u, ret->failed_at, sizeof ret->failed_at);
    ret->retries = unpack_u32(&u);
    return unpack_end(&u, e);
}

void bridge_added_pack(struct buf *b, const struct bridge_added *added)
{
    bridge_entry_pack(b, &added->entry);
    pack_str(b, added->tenant);
    pack_str(b, added->task_id);
    pack_str(b, added->why);
}

bool bridge_added_unpack(const struct message *m, struct bridge_added *ret, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    read_entry(&u, &ret->entry);
    unpack_str(&u, ret->tenant, sizeof ret->tenant);
    unpack_str(&u, ret->task_id, sizeof ret->task_id);
    unpack_str(&u, ret->why, sizeof ret->why);
    return unpack_end(&u, e);
}
