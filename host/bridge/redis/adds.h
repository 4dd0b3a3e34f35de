/* adds.h -- entries of ours: XADD, and ADDED when it was answered. Bridge process, its loop.
 *
 *   first                      then  so
 *   XADD                       lost  no ADDED: whether it is there is not known
 *   one that a page brings is  -     it waits for the answer, which says whether it is ours
 *   perhaps under way                                                                        */
#ifndef ORCH_BRIDGE_REDIS_ADDS_H
#define ORCH_BRIDGE_REDIS_ADDS_H

#include "bridge/redis/queue.h"

void adds_add(struct redis_queue *q, const struct bridge_task *task);

#endif
