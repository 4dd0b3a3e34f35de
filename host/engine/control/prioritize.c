/* prioritize.c -- a task that waits gets another priority: its row says so, and its lane once that
 * is durable. See control.h. */
#include "engine/commit/rows.h"
#include "engine/control/orders.h"
#include "engine/control/step.h"
#include "engine/env/answer.h"
#include "engine/env/env.h"
#include "engine/runs/runs.h"

/* Of a task that no machine carries here: ended, left over, or another host's. */
static void why_not_here(struct control *ctl, const char *tenant, const char *run_id, struct err *e)
{
    auto_done(store_run_list) rows = {0};

    if (orders_read_head(ctl, tenant, run_id, &rows, e) && orders_here(ctl, &rows.rows[0], e))
        (void)err_set(e, ERR_CONFLICT, "the task is %s: it does not wait",
                      store_run_status_text(rows.rows[0].status));
}

static json_t *said_owned(const struct api_actor *who, int32_t priority)
{
    json_t *said = wish_said_owned(who);

    json_object_set_new(said, "priority", json_integer(priority));
    return said;
}

static struct commit *decide(struct control *ctl, const struct api_actor *who,
                             struct active_run *ar, int32_t priority)
{
    struct commit *c = step_commit(ctl, ar);

    ar->task_priority = priority;
    store_batch_task_prioritize(commit_batch(c), ar->tenant, ar->run_id, priority);
    commit_event(c, "run.updated", "prioritized", NO_NODE, 0, said_owned(who, priority));
    commit_acts(c)->reorders = true;
    return c;
}

void control_prioritize(struct control *ctl, const struct api_actor *who,
                        const struct api_task_priority *what, api_done_fn done, void *done_arg)
{
    struct active_run *ar = runs_find(ctl->runs, who->tenant, what->run_id);
    struct commit *c;
    struct err e = {0};

    if (ar == NULL)
        why_not_here(ctl, who->tenant, what->run_id, &e);
    else if (active_run_task_runs(ar))
        (void)err_set(&e, ERR_CONFLICT, "the task is running: it does not wait");
    if (ar == NULL || e.code != ERR_NONE) {
        answer_error(done, done_arg, &e);
        return;
    }
    c = decide(ctl, who, ar, what->priority);
    commit_set_answer(c, &(struct act_answer){.done = done, .done_arg = done_arg});
    step_submit(ctl, &c);
}
