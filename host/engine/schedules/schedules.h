/* schedules.h -- fires what is due by the calendar, on the host that has the job (jobs/jobs.h).
 *
 * Each look reads the schedules whose time has come and works out what each comes to (plan.h,
 * due.h), beside the loop; the loop then begins it. The next look is behind the last of what that
 * began, so one schedule's due times are dealt with in their order. What cannot be begun now (the
 * store is pressed, the host takes no runs) is looked at again, and is missed when that takes
 * longer than the grace.
 *
 * Loop thread only. */
#ifndef ORCH_ENGINE_SCHEDULES_SCHEDULES_H
#define ORCH_ENGINE_SCHEDULES_SCHEDULES_H

#include <stdint.h>

struct control;
struct engine_env;
struct jobs;
struct schedules;

struct schedules *schedules_new(struct control *ctl, const struct jobs *jobs);
void schedules_free(struct schedules *s); /* beside is freed, no start or batch is on its way */

const struct engine_env *schedules_env(const struct schedules *s);
/* A schedule was made or changed, or the host takes runs again: they are looked at anew. */
void schedules_changed(struct schedules *s);

int64_t schedules_next_timer(const struct schedules *s); /* INT64_MAX: none */
void schedules_turn(struct schedules *s, int64_t now_ns);

#endif
