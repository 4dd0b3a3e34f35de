/* tasks.h -- the tasks of lanes whose backend is Redis: one stream for each queue, as operators
 * know them (contract/mcp.md 1.4, docs/adr/0085). Bridge process, its loop.
 *
 * What always holds: nothing is kept of an entry but its id and whose it is; a payload is told as
 * it comes.
 *
 *   queue.h   the stream, what is known of it     reader.h   what others add
 *   adds.h    entries of ours                     claims.h   about to run, kept from being idle
 *   acks.h    over                                letters.h  dead                             */
#ifndef ORCH_BRIDGE_REDIS_TASKS_H
#define ORCH_BRIDGE_REDIS_TASKS_H

#include "bridge/redis/redis.h"
#include "bridge/wire/tasks.h"
#include "bridge/wire/teller.h"

struct redis_tasks;

/* target: borrowed while it is there. */
struct redis_tasks *redis_tasks_new(uv_loop_t *loop, const struct redis_target *target,
                                    const struct bridge_setup *setup,
                                    const struct bridge_teller *teller) must_check;
/* No answer is awaited any more: the connection it uses is freed. Its handles are closed by the
 * loop's next turns. */
void redis_tasks_free(struct redis_tasks *tasks); /* accepts NULL */

/* Redis answers, behind the STATE that says so, or it is gone (NULL). */
void redis_tasks_use(struct redis_tasks *tasks, struct redis *redis);

/* LANE to DEAD. False: the host said what it may not. */
bool redis_tasks_hear(void *tasks, const struct message *m, struct err *e) must_check;

#endif
