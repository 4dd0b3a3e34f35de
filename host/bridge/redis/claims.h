/* claims.h -- entries that are about to run: claimed for the worker's consumer, whoever had them
 * not being there any more, and kept from looking idle. Bridge process, its loop.
 *
 *   it is pending for        idle for        so
 *   nobody                   -               claimed
 *   anybody                  idle_ms         claimed: an orphan
 *   a name of our workers    sweep_ms        claimed: nobody runs it, or it would be fresh
 *   us, as a claim said      -               claimed, for another worker
 *   anybody                  less            CLAIMED 0 */
#ifndef ORCH_BRIDGE_REDIS_CLAIMS_H
#define ORCH_BRIDGE_REDIS_CLAIMS_H

#include "bridge/redis/queue.h"

void claims_claim(struct redis_queue *q, struct stream_id id, const char *consumer);
/* At half of each sweep: whoever claimed one of ours, or deleted its consumer or group, changed
 * nothing. */
void claims_keep(struct redis_queue *q);

#endif
