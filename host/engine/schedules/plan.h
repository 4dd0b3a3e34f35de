/* plan.h -- what a schedule that waited for a due time comes to at a moment: which due times were
 * missed, which one is fired, and what is waited for then. Pure.
 *
 * A due time is late when it is reached more than the grace behind the time that it was to fire at.
 * Of the late ones the policy fires some, the latest; the others are missed. Where runs do not
 * overlap one is fired at a time: the next is planned when that is done. */
#ifndef ORCH_ENGINE_SCHEDULES_PLAN_H
#define ORCH_ENGINE_SCHEDULES_PLAN_H

#include "model/schedule/due.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of more missed ones only the latest are told of. */
enum { PLAN_MISSED_MAX = 1000 };

struct plan_of {
    const struct due_rule *rule;
    const char *name; /* the schedule's, for its jitter */
    int64_t jitter_s;
    int64_t waits_us; /* the first due time that was not dealt with */
    int64_t keep;     /* so many of the late ones are fired */
    bool overlap;     /* so many at once */
    int64_t grace_us;
    int64_t now_us;
};

struct plan {
    int64_t missed[PLAN_MISSED_MAX]; /* ascending */
    size_t missed_count;
    int64_t fires[PLAN_MISSED_MAX]; /* behind those, ascending */
    size_t fire_count;
    int64_t next_us; /* behind all of these; 0: there is none */
};

/* "none", "last", "all": how many late ones are fired. */
int64_t plan_keep(const char *missed_policy, int64_t missed_max);
/* What is waited for when the ith of its fires is dealt with. */
int64_t plan_behind(const struct plan *plan, size_t i);
void plan_make(const struct plan_of *of, struct plan *ret);

#endif
