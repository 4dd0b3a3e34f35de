/* recover.c -- see recover.h. */
#include "engine/control/recover.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/commit/rows.h"
#include "engine/control/leftovers.h"
#include "engine/control/step.h"
#include "engine/env/env.h"
#include "engine/runs/load.h"
#include "engine/runs/runs.h"

static void tell_recovered(const struct active_run *ar)
{
    log_event(LOG_INFO, "run.recovered", F_STR("runId", ar->run_id), F_STR("tenant", ar->tenant),
              F_INT("nodes_completed", run_node_count(ar->run, NODE_COMPLETED)),
              F_INT("nodes_total", ar->dag->node_count));
}

static bool recover_run(struct control *ctl, const struct store_run *row, uint32_t rebuilds,
                        struct err *e)
{
    auto_obj(active_run) ar = NULL;
    struct active_run *borrowed;
    struct commit *c;

    if (!load_row(ctl->env, ctl->dags, row, &ar, e))
        return false;
    load_machine(ar, row);
    if (ctl->mode->draining)
        run_suspend(ar->run);
    ar->rebuilds = rebuilds;
    borrowed = ar;
    if (row->status == STORE_RUN_PENDING && !row->cancel_requested) {
        tell_recovered(ar);
        runs_add_back(ctl->runs, &ar);
        return true;
    }
    if (!load_facts(ar, e) || !run_recover(ar->run, ctl->env->clock.mono_ns(), e))
        return err_wrap(e, "run %s", row->run_id);
    tell_recovered(ar);
    runs_add(ctl->runs, &ar);
    c = step_commit(ctl, borrowed);
    commit_event(c, "run.updated", "recovered", NO_NODE, 0, NULL);
    commit_decisions(c);
    step_submit(ctl, &c);
    return true;
}

/* A definition that was not read is waited for; of any other failure the run is left over. */
static bool recover_or_leave(struct control *ctl, const struct store_run *row,
                             const struct recovering *what)
{
    struct leftover_of left = {what->tenant, what->run_id, what->count, what->at_start};
    struct err e = {0};

    if (!load_has_definition(ctl->dags, row)) {
        leftovers_await(ctl, left, row);
        return true;
    }
    if (recover_run(ctl, row, what->count, &e))
        return true;
    left.at_start = false;
    if (what->at_start)
        left.tries = RECOVER_AGAIN_MAX;
    leftovers_add(ctl, left, &e);
    return false;
}

void recover_again(struct control *ctl, const struct recovering *what)
{
    const struct leftover_of left = {what->tenant, what->run_id, what->count, what->at_start};
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    if (!store_read_run(ctl->env->reader, what->tenant, what->run_id, &rows, &e)) {
        if (e.code != ERR_NOT_FOUND) /* else its very first commit was refused: no such run */
            leftovers_add(ctl, left, &e);
        return;
    }
    if (rows.rows[0].completed_us == 0)
        (void)recover_or_leave(ctl, &rows.rows[0], what);
}

bool recover_all(struct control *ctl, unsigned *ret_count, struct err *e)
{
    auto_mem char *token = NULL;
    unsigned count = 0;

    do {
        auto_done(store_run_list) rows = {0};
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};

        if (!store_read_unfinished(ctl->env->reader, page, &rows, e))
            return err_wrap(e, "recover");
        for (size_t i = 0; i < rows.count; i++)
            count += recover_or_leave(ctl, &rows.rows[i],
                                      &(struct recovering){.tenant = rows.rows[i].tenant,
                                                           .run_id = rows.rows[i].run_id,
                                                           .at_start = true});
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
    step_admit(ctl);
    *ret_count = count;
    return true;
}
