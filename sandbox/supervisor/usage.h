/* usage.h -- what attempts use, watched from outside: CPU time always, memory where no cgroup
 * bounds it. What is over its limit is killed and told (OVER_CPU, OVER_MEMORY), once. Also the
 * groups that were given back and are not empty yet, or that nobody needs for now.
 *
 * An attempt's CPU time is looked at when it could first be over its limit: the rest of the limit
 * from now, by each thread that it may have. RLIMIT_CPU, in seconds, stands behind it. */
#ifndef ORCH_SANDBOX_SUPERVISOR_USAGE_H
#define ORCH_SANDBOX_SUPERVISOR_USAGE_H

#include "sandbox/supervisor/attempt.h"

void usage_start(struct attempts *all);
/* It is about to run. */
void usage_watch(struct attempts *all, struct super_attempt *a);
/* A group was given back. */
void usage_reap_groups(struct attempts *all);

#endif
