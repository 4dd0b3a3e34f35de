/* change.c -- cancel and pause: an event for the machine of a run that is here. See control.h. */
#include "engine/control/control.h"

#include "engine/commit/rows.h"
#include "engine/control/leftovers.h"
#include "engine/control/step.h"
#include "engine/env/answer.h"
#include "engine/env/env.h"
#include "engine/runs/runs.h"

/* Answers for a run that no machine carries: ended, or left over. */
static void answer_not_running(struct control *ctl, const char *tenant, const char *run_id,
                               const char *verb, api_done_fn done, void *done_arg)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    if (!step_settled(ctl, tenant, run_id, &e) ||
        !store_read_run_head(ctl->env->reader, tenant, run_id, &rows, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    if (leftovers_has(ctl->leftovers, run_id))
        err_set(&e, ERR_UNAVAILABLE, "run %s is being built from its rows: ask again", run_id);
    else
        err_set(&e, ERR_CONFLICT, "run %s is %s: it cannot be %s", run_id,
                store_run_status_text(rows.rows[0].status), verb);
    answer_error(done, done_arg, &e);
}

typedef bool run_event_fn(struct run *run, int64_t now, struct err *e);

/* word is the event's, which only says that it was asked: what came of it is an event of its own.
 */
static const struct wish {
    run_event_fn *event;
    const char *verb; /* "it cannot be ..." */
    const char *word;
} cancelling = {run_cancel, "cancelled", "cancelling"}, pausing = {run_pause, "paused", "pausing"},
  unpausing = {run_unpause, "unpaused", "unpausing"};

static void change(struct control *ctl, const struct api_actor *who, const char *run_id,
                   const struct wish *wish, api_done_fn done, void *done_arg)
{
    struct active_run *ar = runs_find(ctl->runs, who->tenant, run_id);
    struct commit *c;
    struct err e = {0};

    if (ar == NULL) {
        answer_not_running(ctl, who->tenant, run_id, wish->verb, done, done_arg);
        return;
    }
    if (!wish->event(ar->run, ctl->env->clock.mono_ns(), &e)) {
        err_set(&e, ERR_CONFLICT, "run %s is %s: it cannot be %s", run_id,
                run_state_text(run_state(ar->run)), wish->verb);
        answer_error(done, done_arg, &e);
        return;
    }
    c = step_commit(ctl, ar);
    commit_event(c, "run.updated", wish->word, NO_NODE, 0,
                 json_pack("{s:s, s:s, s:s}", "actor", who->subject, "reason", who->reason,
                           "ticket", who->ticket));
    commit_decisions(c);
    commit_set_answer(c, &(struct act_answer){.done = done, .done_arg = done_arg});
    step_submit(ctl, &c);
}

void control_cancel(struct control *ctl, const struct api_actor *who, const char *run_id,
                    api_done_fn done, void *done_arg)
{
    if (runs_find(ctl->runs, who->tenant, run_id) == NULL) {
        leftovers_cancel(ctl, who, run_id, done, done_arg);
        return;
    }
    change(ctl, who, run_id, &cancelling, done, done_arg);
}

void control_pause(struct control *ctl, const struct api_actor *who, const char *run_id, bool pause,
                   api_done_fn done, void *done_arg)
{
    change(ctl, who, run_id, pause ? &pausing : &unpausing, done, done_arg);
}
