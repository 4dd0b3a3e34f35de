/* zeros.c -- see zeros.h. */
#include "engine/runs/zeros.h"

#include "base/auto.h"
#include "base/mem.h"
#include "model/dag/finding.h"
#include "model/words/outcomes.h"
#include "model/words/states.h"

/* How a run can end. */
static const char *const ends[] = {STATUS_COMPLETED, STATUS_FAILED, STATUS_CANCELLED};

void zeros_begin(struct metrics *m)
{
    static const char *const operations[][2] = {{"save", "success"},
                                                {"load", "success"},
                                                {"delete", "success"},
                                                {"error", "error"},
                                                {"verify_failed", "error"}};

    static const char *const deadlines[] = {"run", "node"};

    for (size_t i = 0; i < ARRAY_LEN(operations); i++)
        metrics_touch(m, METRIC_CHECKPOINT_OPERATIONS,
                      METRIC_LABELS(operations[i][0], operations[i][1]));
    for (int outcome = OUTCOME_OK; outcome < OUTCOME_COUNT; outcome++)
        metrics_touch(m, METRIC_ATTEMPTS, METRIC_LABELS(outcome_name((enum outcome)outcome)));
    for (int type = FINDING_INVALID + 1; type < FINDING_TYPE_COUNT; type++)
        metrics_touch(m, METRIC_VALIDATION_ERRORS,
                      METRIC_LABELS(finding_type_text((enum finding_type)type)));
    for (size_t i = 0; i < ARRAY_LEN(deadlines); i++) {
        metrics_touch(m, METRIC_DEADLINE_WARNINGS, METRIC_LABELS(deadlines[i]));
        metrics_touch(m, METRIC_DEADLINES_MISSED, METRIC_LABELS(deadlines[i]));
    }
    metrics_set(m, METRIC_ACK_RATE, METRIC_NO_LABELS, 1);
}

void zeros_tenant(struct metrics *m, const char *tenant)
{
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        metrics_touch(m, METRIC_RUNS, METRIC_LABELS(ends[i], tenant));
    metrics_touch(m, METRIC_RUN_DURATION, METRIC_LABELS(tenant));
    metrics_touch(m, METRIC_QUEUE_DEPTH, METRIC_LABELS(tenant));
    metrics_touch(m, METRIC_DLQ_DEPTH, METRIC_LABELS(tenant));
    metrics_touch(m, METRIC_STEP_RETRIES, METRIC_LABELS(tenant));
}

bool zeros_tenants(struct metrics *m, struct store_reader *reader, struct err *e)
{
    auto_mem char *token = NULL;
    size_t count = 0;

    do {
        auto_done(store_ledger_list) rows = {0};
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};

        if (!store_read_ledgers(reader, page, &rows, e))
            return err_wrap(e, "metrics of the tenants");
        for (size_t i = 0; i < rows.count; i++)
            zeros_tenant(m, rows.rows[i].tenant);
        count += rows.count;
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL && count < METRIC_SERIES_MAX);
    return true;
}

void zeros_dag(struct metrics *m, const char *dag_id)
{
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        metrics_touch(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS(dag_id, ends[i]));
    metrics_touch(m, METRIC_DAG_DURATION, METRIC_LABELS(dag_id));
}

void zeros_node(struct metrics *m, const char *dag_id, const char *node_id)
{
    if (!metrics_touch(m, METRIC_NODE_EXECUTIONS, METRIC_LABELS(dag_id, node_id, STATUS_COMPLETED)))
        return; /* with its others: each step comes here */
    metrics_touch(m, METRIC_NODE_EXECUTIONS, METRIC_LABELS(dag_id, node_id, STATUS_FAILED));
    metrics_touch(m, METRIC_NODE_RETRIES, METRIC_LABELS(dag_id, node_id));
    metrics_touch(m, METRIC_NODE_TIMEOUTS, METRIC_LABELS(dag_id, node_id));
}
