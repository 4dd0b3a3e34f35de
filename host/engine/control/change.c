/* change.c -- cancel and pause: an event for the machine of a run that is here, an order for
 * whoever has it otherwise. See control.h. */
#include "engine/control/wish.h"

#include "engine/commit/rows.h"
#include "engine/control/leftovers.h"
#include "engine/control/orders.h"
#include "engine/control/step.h"
#include "engine/env/answer.h"
#include "engine/env/env.h"
#include "engine/runs/runs.h"

#include <string.h>

/* For a run that no machine carries here: ended, left over, or another host's. */
static void answer_not_running(struct control *ctl, const struct api_actor *who, const char *run_id,
                               enum wish wish, api_done_fn done, void *done_arg)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    if (!orders_read_head(ctl, who->tenant, run_id, &rows, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    if (orders_give(ctl, who, &rows.rows[0], wish, done, done_arg))
        return;
    err_set(&e, ERR_CONFLICT, "run %s is %s: it cannot be %s", run_id,
            store_run_status_text(rows.rows[0].status), wish_adjective(wish));
    answer_error(done, done_arg, &e);
}

static void change(struct control *ctl, const struct api_actor *who, const char *run_id,
                   enum wish wish, api_done_fn done, void *done_arg)
{
    struct active_run *ar = runs_find(ctl->runs, who->tenant, run_id);
    struct commit *c;
    struct err e = {0};

    if (ar == NULL) {
        answer_not_running(ctl, who, run_id, wish, done, done_arg);
        return;
    }
    c = wish_decide(ctl, ar, wish, wish_said_owned(who), &e);
    if (c == NULL) {
        answer_error(done, done_arg, &e);
        return;
    }
    commit_set_answer(c, &(struct act_answer){.done = done, .done_arg = done_arg});
    step_submit(ctl, &c);
}

/* It is here, or was left to nobody else: what is only stored is ended. */
static bool is_only_stored(struct control *ctl, const char *tenant, const char *run_id)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    if (leftovers_has(ctl->leftovers, run_id) || runs_unsettled(ctl->runs, tenant, run_id))
        return true;
    return store_read_run_head(ctl->env->reader, tenant, run_id, &rows, &e) &&
           rows.rows[0].completed_us == 0 && step_owned(ctl, &rows.rows[0]);
}

void control_cancel(struct control *ctl, const struct api_actor *who, const char *run_id,
                    api_done_fn done, void *done_arg)
{
    if (runs_find(ctl->runs, who->tenant, run_id) == NULL &&
        is_only_stored(ctl, who->tenant, run_id)) {
        leftovers_cancel(ctl, who, run_id, done, done_arg);
        return;
    }
    change(ctl, who, run_id, WISH_CANCEL, done, done_arg);
}

void control_pause(struct control *ctl, const struct api_actor *who, const char *run_id, bool pause,
                   api_done_fn done, void *done_arg)
{
    change(ctl, who, run_id, pause ? WISH_PAUSE : WISH_UNPAUSE, done, done_arg);
}
