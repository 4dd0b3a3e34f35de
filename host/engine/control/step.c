/* step.c -- see step.h. */
#include "engine/control/step.h"

#include "base/log.h"
#include "engine/commit/rows.h"
#include "engine/commit/task_events.h"
#include "engine/control/overdue.h"
#include "engine/env/env.h"
#include "engine/runs/runs.h"

bool step_settled(const struct control *ctl, const char *tenant, const char *run_id, struct err *e)
{
    if (!runs_unsettled(ctl->runs, tenant, run_id))
        return true;
    return err_set(e, ERR_CONFLICT, "run %s is being written: ask again in a moment", run_id);
}

bool step_owned(const struct control *ctl, const struct store_run *row)
{
    return store_host_is(ctl->env->store, row->lease_owner, row->lease_epoch);
}

bool step_in_touch(const struct control *ctl, struct err *e)
{
    return !ctl->mode->adrift ||
           err_set(e, ERR_UNAVAILABLE, "this host has lost touch with the store: ask again");
}

struct commit *step_commit(struct control *ctl, struct active_run *ar)
{
    struct commit *c = commit_new(ctl->commits, ar, active_run_wall_us(ar));

    commit_task_noted(c);
    return c;
}

void step_submit(struct control *ctl, struct commit **c)
{
    if (commit_acts(*c)->ends_run)
        runs_end(ctl->runs, commit_run(*c));
    else
        runs_changed(ctl->runs, commit_run(*c));
    commit_submit(c);
}

/* ---- beginning ---- */

static void level_widths(struct active_run *ar)
{
    for (size_t i = 0; i < ar->dag->level_count; i++)
        metrics_observe(ar->env->metrics, METRIC_LEVEL_WIDTH, METRIC_LABELS(ar->dag->dag_id),
                        ar->dag->levels[i].count);
}

bool step_begin(struct control *ctl, struct active_run *ar, struct commit *c)
{
    struct err e = {0};

    runs_begin(ctl->runs, ar);
    level_widths(ar);
    if (!run_start(ar->run, ctl->env->clock.mono_ns(), &e)) {
        log_event(LOG_ERROR, "run.start_refused", F_STR("runId", ar->run_id), F_ERR(&e));
        return false;
    }
    commit_decisions(c);
    return true;
}

void step_admit(struct control *ctl)
{
    struct active_run *ar;

    while (!ctl->mode->draining && !ctl->mode->adrift && !store_pressed(ctl->env->store) &&
           (ar = runs_next_waiting(ctl->runs)) != NULL) {
        auto_obj(commit) c = step_commit(ctl, ar);

        if (step_begin(ctl, ar, c))
            step_submit(ctl, &c);
    }
    runs_gauges(ctl->runs);
}

/* ---- events ---- */

static void decide_and_submit(struct control *ctl, struct active_run *ar)
{
    struct commit *c = step_commit(ctl, ar);

    commit_decisions(c);
    step_submit(ctl, &c);
}

void step_attempt_ended(struct control *ctl, struct active_run *ar, struct attempt_ref ref,
                        const struct attempt_outcome *outcome)
{
    struct err e = {0};

    if (ar->dropped || ar->place == PLACE_ENDED)
        return;
    overdue_look(ctl, ar);
    if (!run_attempt_ended(ar->run, ref, outcome, ctl->env->clock.mono_ns(), &e)) {
        log_event(LOG_ERROR, "attempt.end_refused", F_STR("runId", ar->run_id), F_ERR(&e));
        return;
    }
    decide_and_submit(ctl, ar);
}

void step_attempt_begun(struct control *ctl, struct active_run *ar, struct attempt_ref ref)
{
    struct err e = {0};

    if (ar->dropped || ar->place == PLACE_ENDED)
        return;
    if (!run_attempt_started(ar->run, ref, &e))
        log_event(LOG_ERROR, "attempt.start_refused", F_STR("runId", ar->run_id), F_ERR(&e));
    else if (!ref.compensation)
        active_run_begun(ar);
    runs_changed(ctl->runs, ar);
}

struct ticking {
    struct control *ctl;
    int64_t now_ns;
};

static void tick_run(void *arg, struct active_run *ar)
{
    struct ticking *t = arg;

    run_tick(ar->run, t->now_ns);
    decide_and_submit(t->ctl, ar);
}

void step_tick(struct control *ctl, int64_t now_ns)
{
    overdue_tick(ctl, now_ns);
    runs_each_due(ctl->runs, now_ns, tick_run, &(struct ticking){ctl, now_ns});
}
