/* body.h -- a task as a message: JSON that we write, and that anybody may have written (LANES.md 4,
 * LANES_KIT.md 10). Pure.
 *
 * Ours: {"task_id","payload","priority","type","timestamp","tenant"}. */
#ifndef ORCH_BRIDGE_NATS_BODY_H
#define ORCH_BRIDGE_NATS_BODY_H

#include "base/buf.h"
#include "bridge/wire/tasks.h"

/* Texts of the task are UTF-8, or become so. Each appends. */
void nats_add_body(struct buf *b, const struct bridge_task *task);
/* The superset of contract/mcp.md 2.5: those and source_stream, source_subject, message_id,
 * consumer, error, retry_count, failed_at. */
void nats_add_letter(struct buf *b, const struct bridge_task *task);

/* What a message says, but its entry: every member of *ret that it does not say is "", and fault
 * says what is wrong with it. ret->payload is in *payload. */
void nats_read_body(const char *subject, const char *data, size_t bytes, struct buf *payload,
                    struct bridge_task *ret);

#endif
