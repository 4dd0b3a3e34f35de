/* letters.c -- see letters.h. */
#include "engine/commit/letters.h"

#include "engine/env/env.h"
#include "lanes/fingerprint.h"
#include "lanes/work.h"
#include "model/words/outcomes.h"

#include <string.h>

static const char *lane_of(const char *dag_id)
{
    return dag_id + strlen(DAG_OF_LANE);
}

/* What all of them have in common is filled in. */
static void put(struct store_batch *batch, const struct store_dead_letter *letter, int64_t wall_us)
{
    struct sha256_hex fingerprint = fingerprint_of(letter->error_class, letter->message);
    struct store_dead_letter row = *letter;

    row.dead_letter_id = row.run_id;
    row.fingerprint = fingerprint.text;
    row.replayed_by = "";
    row.deaths = 1;
    row.first_us = row.last_us = wall_us;
    store_batch_dead_letter_put(batch, &row);
}

/* The policy would have retried it, and had no attempt left. */
static bool is_spent(const struct active_run *ar, const struct node_view *node)
{
    const struct retry_policy *policy = dag_retry_policy(ar->dag, &ar->dag->nodes[0]);

    return outcome_retry(node->class) == RETRY_POLICY && node->tally.used > policy->max_retries;
}

static const char *class_of(const struct node_view *node)
{
    if (node->timed_out)
        return outcome_error_class(OUTCOME_TIMEOUT);
    return node->error_class != NULL ? node->error_class : outcome_error_class(node->class);
}

static void add(struct commit *c)
{
    const struct active_run *ar = commit_run(c);
    const struct node_view node = run_node(ar->run, 0);
    struct store_dead_letter letter = {
        .tenant = ar->tenant,
        .task_id = ar->task_id,
        .run_id = ar->run_id,
        .lane = lane_of(ar->dag->dag_id),
        .reason = is_spent(ar, &node) ? "retries_exhausted" : "permanent_error",
        .error_class = class_of(&node),
        .message = node.error != NULL ? node.error : "",
        .attempts = node.tally.counted,
        .priority = ar->task_priority,
    };

    put(commit_batch(c), &letter, commit_wall_us(c));
}

void commit_letter(struct commit *c, enum run_state state)
{
    const struct active_run *ar = commit_run(c);

    if (ar->task_priority == 0)
        return;
    if (state == RUN_FAILED)
        add(c);
    else
        store_batch_dead_letter_drop(commit_batch(c), ar->tenant, ar->run_id);
}

static bool read_attempts(struct store_reader *reader, const struct store_run *row, int64_t *ret,
                          struct err *e)
{
    auto_done(store_node_list) nodes = {0};

    *ret = 0;
    if (!store_read_node(reader, row->tenant, row->run_id, LANE_TASK_NODE, &nodes, e))
        return e->code == ERR_NOT_FOUND;
    *ret = nodes.rows[0].attempts;
    return true;
}

bool close_letter(const struct engine_env *env, const struct store_run *row,
                  const struct close_why *why, int64_t wall_us, struct store_batch *batch,
                  struct err *e)
{
    struct store_dead_letter letter = {
        .tenant = row->tenant,
        .task_id = row->run_token,
        .run_id = row->run_id,
        .lane = lane_of(row->dag_id),
        .reason = "permanent_error",
        .error_class = why->error_class,
        .message = why->error,
        .priority = row->task_priority,
    };

    if (row->task_priority == 0)
        return true;
    if (why->status != STORE_RUN_FAILED) {
        store_batch_dead_letter_drop(batch, row->tenant, row->run_id);
        return true;
    }
    if (!read_attempts(env->reader, row, &letter.attempts, e))
        return false;
    put(batch, &letter, wall_us);
    return true;
}
