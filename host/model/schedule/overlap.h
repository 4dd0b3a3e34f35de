/* overlap.h -- what a due time comes to while the run before may go on, whoever reached it. Pure.
 */
#ifndef ORCH_MODEL_SCHEDULE_OVERLAP_H
#define ORCH_MODEL_SCHEDULE_OVERLAP_H

#include <stdbool.h>
#include <stdint.h>

enum overlap { OVERLAP_FIRES, OVERLAP_CANCELS, OVERLAP_SKIPS, OVERLAP_QUEUES };

/* policy: "allow", "skip", "queue", "cancel-previous". goes_on: the run before does; queued: so
 * many due times wait for it, of queued_max. *ret_reason: of one that does not fire; else NULL.
 *
 * What is queued keeps its order: while one waits the next does, too. */
enum overlap overlap_decide(const char *policy, bool goes_on, int64_t queued, int64_t queued_max,
                            const char **ret_reason);

#endif
