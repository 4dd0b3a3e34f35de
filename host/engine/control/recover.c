/* recover.c -- see recover.h. */
#include "engine/control/recover.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/commit/rows.h"
#include "engine/control/carry.h"
#include "engine/control/claim.h"
#include "engine/control/leftovers.h"
#include "engine/control/step.h"
#include "engine/env/env.h"
#include "engine/runs/load.h"
#include "engine/runs/runs.h"

#include <string.h>

static void tell_recovered(const struct active_run *ar)
{
    log_event(LOG_INFO, "run.recovered", F_STR("runId", ar->run_id), F_STR("tenant", ar->tenant),
              F_INT("nodes_completed", run_node_count(ar->run, NODE_COMPLETED)),
              F_INT("nodes_total", ar->dag->node_count));
}

/* Of the run; NULL: nobody ordered it. What it ordered, no attempt should begin before. */
static const struct store_order *cancel_of(const struct store_order_list *orders,
                                           const struct store_run *row)
{
    for (size_t i = 0; i < orders->count; i++) {
        const struct store_order *order = &orders->rows[i];

        if (strcmp(order->run_id, row->run_id) == 0 &&
            strcmp(order->verb, wish_verb(WISH_CANCEL)) == 0)
            return order;
    }
    return NULL;
}

static void commit_recovered(struct control *ctl, struct active_run *ar,
                             const struct store_order *cancel)
{
    struct commit *c = step_commit(ctl, ar);

    commit_event(c, "run.updated", "recovered", NO_NODE, 0, NULL);
    if (cancel != NULL) {
        wish_event(c, WISH_CANCEL, orders_said_owned(cancel));
        orders_end(ctl, c, cancel);
    }
    commit_decisions(c);
    step_submit(ctl, &c);
}

static bool recover_run(struct control *ctl, const struct store_run *stored, struct past *past,
                        uint32_t rebuilds, const struct store_order *cancel, struct err *e)
{
    struct store_run row = *stored;
    auto_obj(active_run) ar = NULL;
    struct active_run *borrowed;

    row.cancel_requested = stored->cancel_requested || cancel != NULL;
    if (!load_row(ctl->env, past, &ar, e))
        return false;
    load_machine(ar, &row);
    if (ctl->mode->draining)
        run_suspend(ar->run);
    ar->rebuilds = rebuilds;
    borrowed = ar;
    if (!load_facts(ar, past, e))
        return err_wrap(e, "run %s", row.run_id);
    if (row.status == STORE_RUN_PENDING && !row.cancel_requested) {
        tell_recovered(ar);
        runs_add_back(ctl->runs, &ar);
        return true;
    }
    if (!run_recover(ar->run, ctl->env->clock.mono_ns(), e))
        return err_wrap(e, "run %s", row.run_id);
    tell_recovered(ar);
    runs_add(ctl->runs, &ar);
    commit_recovered(ctl, borrowed, cancel);
    return true;
}

static bool read_again(struct control *ctl, const struct leftover_of *what,
                       struct store_run_list *ret, struct store_order_list *ret_orders,
                       struct err *e)
{
    return store_read_run_head(ctl->env->reader, what->tenant, what->run_id, ret, e) &&
           orders_read(ctl, ctl->env->reader, ret_orders, e);
}

/* What its past cannot make a run of is left over. */
static void recover_or_leave(struct control *ctl, const struct store_run *row,
                             const struct store_order_list *orders, struct leftover_of what,
                             struct past *past)
{
    struct err e = {0};

    if (recover_run(ctl, row, past, what.tries, cancel_of(orders, row), &e))
        return;
    if (what.at_start)
        what.tries = RECOVER_AGAIN_MAX;
    leftovers_add(ctl, what, &e);
}

void recover_again(struct control *ctl, const struct leftover_of *what, struct past *past)
{
    auto_done(store_run_list) rows = {0};
    auto_done(store_order_list) orders = {0};
    struct err e = {0};

    if (!read_again(ctl, what, &rows, &orders, &e)) {
        if (e.code != ERR_NOT_FOUND) /* else its very first commit was refused: no such run */
            leftovers_add(ctl, *what, &e);
        return;
    }
    if (!step_owned(ctl, &rows.rows[0]))
        log_event(LOG_WARN, "run.followed", F_STR("runId", what->run_id),
                  F_STR("tenant", what->tenant));
    else if (rows.rows[0].completed_us != 0)
        return;
    else if (past == NULL)
        leftovers_await(ctl, *what, &rows.rows[0]);
    else
        recover_or_leave(ctl, &rows.rows[0], &orders, *what, past);
}

bool recover_carried(const struct control *ctl, const struct store_run *row)
{
    return runs_find(ctl->runs, row->tenant, row->run_id) != NULL ||
           runs_unsettled(ctl->runs, row->tenant, row->run_id) ||
           leftovers_has(ctl->leftovers, row->run_id);
}

void recover_claimed(struct control *ctl, const struct store_run *row)
{
    const struct leftover_of what = {row->tenant, row->run_id, .claimed = true, .at_start = true};

    if (ctl->mode->failed || ctl->mode->stopping || row->completed_us != 0 ||
        !step_owned(ctl, row) || recover_carried(ctl, row))
        return;
    if (ctl->mode->adrift || ctl->mode->draining)
        leftovers_hold(ctl, what);
    else
        leftovers_await(ctl, what, row);
}

bool recover_all(struct control *ctl, unsigned *ret_count, struct err *e)
{
    struct store *store = ctl->env->store;
    auto_mem char *token = NULL;
    unsigned count = 0;

    if (!claim_at_start(ctl, e))
        return false;
    do {
        auto_done(store_run_list) rows = {0};
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};

        if (!store_read_unfinished(ctl->env->reader, store_host_id(store), store_host_epoch(store),
                                   page, &rows, e))
            return err_wrap(e, "recover");
        for (size_t i = 0; i < rows.count; i++)
            leftovers_await(ctl,
                            (struct leftover_of){.tenant = rows.rows[i].tenant,
                                                 .run_id = rows.rows[i].run_id,
                                                 .at_start = true},
                            &rows.rows[i]);
        count += (unsigned)rows.count;
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
    step_admit(ctl);
    *ret_count = count;
    return true;
}
