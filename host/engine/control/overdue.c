/* overdue.c -- see overdue.h. */
#include "engine/control/overdue.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/control/step.h"
#include "engine/env/env.h"
#include "engine/runs/deadlines.h"
#include "engine/runs/runs.h"

/* Of what has not ended; the run's word, so that an event never contradicts the others. */
static const char *status_of(const struct active_run *ar, uint32_t node)
{
    if (node != DEADLINE_OF_RUN)
        return node_state_text(run_node(ar->run, node).state);
    return ar->place == PLACE_WAITING ? STATUS_PENDING : run_state_text(run_state(ar->run));
}

static void tell(struct commit *c, struct deadline_mark *mark, enum deadline_due due)
{
    struct active_run *ar = commit_run(c);
    bool of_run = mark->node == DEADLINE_OF_RUN, warns = due == DEADLINE_WARNS;
    const char *event = warns ? "deadline.warning" : "deadline.missed";
    const char *node_id = of_run ? NULL : ar->dag->nodes[mark->node].node_id;
    char at[CLOCK_TEXT_BYTES];

    *(warns ? &mark->warned_us : &mark->missed_us) = commit_wall_us(c);
    clock_text(mark->at_us, at);
    commit_event(c, event, status_of(ar, mark->node), of_run ? NO_NODE : mark->node, 0,
                 json_pack("{s:s}", "deadline", at));
    metrics_add(ar->env->metrics, warns ? METRIC_DEADLINE_WARNINGS : METRIC_DEADLINES_MISSED,
                METRIC_LABELS(of_run ? "run" : "node"), 1);
    log_event(warns ? LOG_INFO : LOG_WARN, warns ? "deadline.warning" : "deadline.missed",
              F_STR("runId", ar->run_id), F_STR("tenant", ar->tenant),
              F_STR("dagId", ar->dag->dag_id), F_STR("stepId", node_id), F_STR("deadline", at));
}

static bool is_due(const struct active_run *ar, struct deadline_mark *mark, int64_t now_us,
                   enum deadline_due *ret)
{
    *ret = deadline_due(mark, now_us);
    if (*ret == DEADLINE_NOT_YET)
        return false;
    mark->over =
        mark->node != DEADLINE_OF_RUN && node_state_final(run_node(ar->run, mark->node).state);
    return !mark->over;
}

static void write_down(struct commit *c)
{
    struct active_run *ar = commit_run(c);
    auto_mem char *options = deadlines_options_owned(ar->deadlines, ar->dag);

    store_batch_run_options(commit_batch(c), ar->tenant, ar->run_id, options);
}

void overdue_look(struct control *ctl, struct active_run *ar)
{
    struct run_deadlines *d = ar->deadlines;
    int64_t now_us = d != NULL ? active_run_wall_us(ar) : 0;
    auto_obj(commit) c = NULL;
    enum deadline_due due;

    if (d == NULL || ar->dropped || ar->place == PLACE_ENDED || deadlines_next_us(d) > now_us)
        return;
    for (size_t i = 0; i < d->count; i++) {
        if (!is_due(ar, &d->marks[i], now_us, &due))
            continue;
        if (c == NULL)
            c = step_commit(ctl, ar);
        tell(c, &d->marks[i], due);
    }
    if (c == NULL)
        return;
    write_down(c);
    step_submit(ctl, &c);
}

static void look(void *arg, struct active_run *ar)
{
    struct control *ctl = arg;

    overdue_look(ctl, ar);
    runs_await_deadline(ctl->runs, ar);
}

void overdue_tick(struct control *ctl, int64_t now_ns)
{
    runs_each_overdue(ctl->runs, now_ns, look, ctl);
}
