/* letters.h -- dead letters in mcp:queue:dlq (contract/mcp.md 2.5): kept until Redis has them.
 * Bridge process, its loop. */
#ifndef ORCH_BRIDGE_REDIS_LETTERS_H
#define ORCH_BRIDGE_REDIS_LETTERS_H

#include "bridge/redis/queue.h"

enum { LETTERS_BYTES_MAX = 64 * 1024 * 1024 };

struct letter;

/* A copy. NULL: too many are kept; it is logged, and lost. */
struct letter *letter_new(struct redis_queue *q, const struct bridge_task *task) must_check;
void letter_free(struct redis_queue *q, struct letter *letter); /* accepts NULL */
/* As queue_ask of its XADD, which answers with an id. */
bool letter_send(struct queue_asked asked, const struct letter *letter) must_check;

/* One of no entry: sent now, or at a sweep. */
void letters_add(struct redis_queue *q, const struct bridge_task *task);
void letters_sweep(struct redis_queue *q);
void letters_forget(struct redis_queue *q);

#endif
