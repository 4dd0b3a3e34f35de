/* acks.h -- entries that are over: acknowledged, seen to be no longer pending, deleted; three times
 * within a moment, then once at each sweep until it is done (contract/mcp.md 2.2). Bridge process,
 * its loop.
 *
 *   first                   then         so
 *   DEAD                    -            the dead letter first, once
 *   a third attempt failed  -            ACKED 0, and no ACKED after it
 *   not acknowledged        it is there  acknowledged, and not told
 *                           again                                   */
#ifndef ORCH_BRIDGE_REDIS_ACKS_H
#define ORCH_BRIDGE_REDIS_ACKS_H

#include "bridge/redis/letters.h"
#include "bridge/redis/queue.h"

/* Takes the letter: NULL: it did not die. Again: nothing. */
void acks_done(struct redis_queue *q, struct stream_id id, struct letter *letter);
void acks_sweep(struct redis_queue *q);
/* Those that are due. */
void acks_turn(struct redis_tasks *of);
void acks_forget(struct redis_queue *q);

#endif
