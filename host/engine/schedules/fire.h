/* fire.h -- a due time starts its run, whoever says so: the calendar (schedules.h) or a client's
 * hand. Loop thread. */
#ifndef ORCH_ENGINE_SCHEDULES_FIRE_H
#define ORCH_ENGINE_SCHEDULES_FIRE_H

#include "api/api.h"

struct control;

/* The run's token is the schedule and its due time, so that they have one run; the firing is in the
 * commit of its start. cancels: the run before is asked to end, and not waited for. The outcome is
 * that of control_start. */
void fire_due(struct control *ctl, const struct api_actor *who,
              const struct store_schedule *schedule, const struct api_firing *firing, bool cancels,
              api_done_fn done, void *done_arg);

/* In whose name, KIND and ID, and why. */
struct fire_name {
    const char *kind, *id, *reason, *ticket;
};
/* The same by the host of itself. */
void fire_by_itself(struct control *ctl, const struct fire_name *name,
                    const struct store_schedule *schedule, const struct api_firing *firing,
                    bool cancels, api_done_fn done, void *done_arg);
/* Whether such a refusal may pass; the others are for good, as that of a run that is skipped. */
bool fire_may_be_later(const struct api_outcome *out);
/* The DAG lets no more runs of its key go on, and skips others: nothing went wrong. */
bool fire_is_skipped(const struct api_outcome *out);
/* Of a refusal for good, for the firing: a word, or the sentence. */
const char *fire_reason(const struct api_outcome *out);

#endif
