/* overlap.c -- see overlap.h. */
#include "model/schedule/overlap.h"

#include <stddef.h>
#include <string.h>

enum overlap overlap_decide(const char *policy, bool goes_on, int64_t queued, int64_t queued_max,
                            const char **ret_reason)
{
    bool queues = strcmp(policy, "queue") == 0;

    *ret_reason = NULL;
    if (strcmp(policy, "allow") == 0 || (!goes_on && !(queues && queued > 0)))
        return OVERLAP_FIRES;
    if (strcmp(policy, "cancel-previous") == 0)
        return OVERLAP_CANCELS;
    *ret_reason = queues && queued >= queued_max ? "queue_full" : "overlap";
    return queues && queued < queued_max ? OVERLAP_QUEUES : OVERLAP_SKIPS;
}
