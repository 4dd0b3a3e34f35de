/* preempt.c -- an attempt is told to make room, and the run's events say who wanted it. See
 * step.h. */
#include "base/log.h"
#include "engine/commit/rows.h"
#include "engine/control/step.h"
#include "engine/env/env.h"

bool step_attempt_preempt(struct control *ctl, struct active_run *ar, struct attempt_ref ref,
                          const struct step_preempt *how)
{
    auto_json said = how->said;
    struct commit *c;
    struct err e = {0};

    if (ar->dropped || ar->place == PLACE_ENDED)
        return false;
    if (!run_preempt(ar->run, ref, ctl->env->clock.mono_ns(), &e)) {
        log_event(LOG_DEBUG, "attempt.not_preempted", F_STR("runId", ar->run_id), F_ERR(&e));
        return false;
    }
    c = step_commit(ctl, ar);
    commit_event(c, "run.updated", "preempting", ref.node, ref.attempt, take(said));
    commit_decisions(c);
    if (how->done != NULL)
        commit_set_answer(c, &(struct act_answer){.done = how->done, .done_arg = how->done_arg});
    step_submit(ctl, &c);
    return true;
}
