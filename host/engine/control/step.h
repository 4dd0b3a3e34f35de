/* step.h -- one step of a run: its machine takes an event, and all that it decides is one commit.
 * Used by the calls of this room and by the turn. */
#ifndef ORCH_ENGINE_CONTROL_STEP_H
#define ORCH_ENGINE_CONTROL_STEP_H

#include "engine/commit/commit.h"
#include "engine/control/control.h"

/* ERR_CONFLICT while something of the run is on its way that its rows do not show: asked again in a
 * moment the answer is of what it became. */
bool step_settled(const struct control *ctl, const char *tenant, const char *run_id,
                  struct err *e) must_check;
struct store_run;
/* The row names this opening of the store (store/hosts.h). */
bool step_owned(const struct control *ctl, const struct store_run *row) must_check;
/* ERR_UNAVAILABLE while the host is adrift (store/hosts.h). */
bool step_in_touch(const struct control *ctl, struct err *e) must_check;
/* A commit of the run, decided now. */
struct commit *step_commit(struct control *ctl, struct active_run *ar) must_check;
/* Takes the commit, behind the event that it is of (runs_changed). A run that it ends leaves the
 * queues now, the table when the commit has come back. */
void step_submit(struct control *ctl, struct commit **c);
/* The waiting run starts; what its machine decides goes into the commit. */
bool step_begin(struct control *ctl, struct active_run *ar, struct commit *c) must_check;
/* Begins waiting runs while there is room; those already begun (recovered) only count. */
void step_admit(struct control *ctl);

/* An attempt has a worker; has ended. Of a run that is over or dropped they are passed over. */
void step_attempt_begun(struct control *ctl, struct active_run *ar, struct attempt_ref ref);
void step_attempt_ended(struct control *ctl, struct active_run *ar, struct attempt_ref ref,
                        const struct attempt_outcome *outcome);
/* The attempt makes room for another one (run_preempt). False: it ends for another reason, and
 * nobody is told; its worker will be free all the same. */
struct step_preempt {
    json_t *said;     /* who wanted it, an object; taken */
    api_done_fn done; /* when it is durable; NULL: nobody waits */
    void *done_arg;
};
bool step_attempt_preempt(struct control *ctl, struct active_run *ar, struct attempt_ref ref,
                          const struct step_preempt *how) must_check;
/* The timers that are due. */
void step_tick(struct control *ctl, int64_t now_ns);

#endif
