/* letters.c -- see letters.h. */
#include "engine/commit/letters.h"

#include "engine/env/env.h"
#include "engine/runs/load.h"
#include "lanes/fingerprint.h"
#include "lanes/work.h"
#include "model/words/outcomes.h"

#include <string.h>

#define RUN_FAILED_CLASS "RunFailed" /* no node of it did */

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
static bool is_spent(const struct active_run *ar, uint32_t index)
{
    const struct node_view node = run_node(ar->run, index);
    const struct retry_policy *policy = dag_retry_policy(ar->dag, &ar->dag->nodes[index]);

    return outcome_retry(node.class) == RETRY_POLICY && node.tally.used > policy->max_retries;
}

static const char *class_of(const struct node_view *node)
{
    if (node->timed_out)
        return outcome_error_class(OUTCOME_TIMEOUT);
    return node->error_class != NULL ? node->error_class : outcome_error_class(node->class);
}

/* The one node of a lane's own DAG; of another the first that failed, in the order of its levels;
 * NO_NODE: none did, as of a run whose time was up. */
static uint32_t node_that_died(const struct active_run *ar)
{
    for (uint32_t i = 0; i < ar->dag->node_count; i++) {
        if (ar->task_lane == NULL || run_node(ar->run, ar->dag->order[i]).state == NODE_FAILED)
            return ar->dag->order[i];
    }
    return NO_NODE;
}

static int64_t attempts_of(const struct active_run *ar)
{
    int64_t count = 0;

    for (uint32_t i = 0; i < ar->dag->node_count; i++)
        count += run_node(ar->run, i).tally.counted;
    return count;
}

static void add(struct commit *c, const char *error)
{
    const struct active_run *ar = commit_run(c);
    uint32_t index = node_that_died(ar);
    struct store_dead_letter letter = {
        .tenant = ar->tenant,
        .task_id = ar->task_id,
        .run_id = ar->run_id,
        .lane = active_run_lane(ar),
        .reason = "permanent_error",
        .error_class = RUN_FAILED_CLASS,
        .message = error != NULL ? error : "",
        .attempts = attempts_of(ar),
        .priority = ar->task_priority,
    };
    struct node_view node;

    if (index != NO_NODE) {
        node = run_node(ar->run, index);
        letter.reason = is_spent(ar, index) ? "retries_exhausted" : letter.reason;
        letter.error_class = class_of(&node);
        letter.message = node.error != NULL ? node.error : "";
    }
    put(commit_batch(c), &letter, commit_wall_us(c));
}

void commit_letter(struct commit *c, enum run_state state, const char *error)
{
    const struct active_run *ar = commit_run(c);

    if (ar->task_priority == 0)
        return;
    if (state == RUN_FAILED)
        add(c, error);
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
        .lane = load_task_lane(row),
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
