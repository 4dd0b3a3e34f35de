/* server_tasks.c -- the test engine's tasks: made up, but whole in the store; see server_engine.h.
 * Lanes "ml" and "codegen" have an agent, "default" none, and there is no other. One whose payload
 * is {"full": true} finds its lane full, unless it is forced; one of {"first": true} has to be
 * first. What the payload says becomes of it:
 * {"end": "completed", "failed" or "cancelled"}, {"runs": true}; else it waits as number 2. One
 * that failed has a dead letter, {"error": its message}, but for {"cleared": true}. */
#include "server_engine.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "lanes/work.h"
#include "store/hosts.h"

#include <string.h>

#define DETAIL "{\"worker\":\"pool_ml_0\"}" /* of every attempt */

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

static bool known(struct server *s, const struct api_actor *who, const struct api_task *what,
                  const struct sha256_hex *hash, api_done_fn done, void *done_arg)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    if (!store_read_task(s->reader, who->tenant, what->task_id, &rows, &e) || rows.count == 0)
        return false;
    if (strcmp(rows.rows[0].inputs_hash, hash->text) == 0)
        done(done_arg, &(struct api_outcome){.run_id = rows.rows[0].run_id});
    else
        server_fail(done, done_arg, ERR_CONFLICT, "TASK_CONFLICT", "another one");
    return true;
}

static void add_node(struct store_batch *batch, const struct store_run *run, const char *node_id,
                     const char *payload)
{
    bool failed = run->status == STORE_RUN_FAILED;

    store_batch_node_upsert(batch, &(struct store_node){.run_id = run->run_id,
                                                        .tenant = run->tenant,
                                                        .node_id = node_id,
                                                        .agent_id = "conformance.stub",
                                                        .status = failed ? STORE_NODE_FAILED
                                                                         : STORE_NODE_COMPLETED,
                                                        .input_hash = zeros,
                                                        .output_hash = zeros,
                                                        .outputs = failed ? NULL : payload,
                                                        .error = failed ? "it broke" : NULL,
                                                        .error_class = failed ? "Broken" : NULL,
                                                        .attempts = 1,
                                                        .started_us = run->started_us,
                                                        .completed_us = run->completed_us});
    if (run->status != STORE_RUN_CANCELLED)
        store_batch_attempt_upsert(batch,
                                   &(struct store_attempt){.run_id = run->run_id,
                                                           .tenant = run->tenant,
                                                           .node_id = node_id,
                                                           .attempt = 1,
                                                           .outcome = failed ? "crash" : "ok",
                                                           .detail = DETAIL,
                                                           .started_us = run->started_us,
                                                           .completed_us = run->completed_us});
}

/* Of the lane's agent one, of a DAG more than a page has. */
static void add_nodes(struct store_batch *batch, const struct store_run *run, const char *payload)
{
    char id[16];

    if (run->task_lane == NULL) {
        add_node(batch, run, LANE_TASK_NODE, payload);
        return;
    }
    for (unsigned i = 0; i < STORE_PAGE_ROWS_MAX + 1; i++) {
        snprintf(id, sizeof id, "n%03u", i);
        add_node(batch, run, id, payload);
    }
}

static void add_letter(struct store_batch *batch, const struct store_run *run,
                       const struct api_task *what)
{
    const char *error = json_string_value(json_object_get(what->payload, "error"));

    if (json_is_true(json_object_get(what->payload, "cleared")))
        return;
    store_batch_dead_letter_put(
        batch, &(struct store_dead_letter){.dead_letter_id = run->run_id,
                                           .tenant = run->tenant,
                                           .task_id = run->run_token,
                                           .run_id = run->run_id,
                                           .lane = what->lane,
                                           .reason = "retries_exhausted",
                                           .error_class = "Broken",
                                           .message = error != NULL ? error : "it broke",
                                           .fingerprint = error != NULL ? error : zeros,
                                           .replayed_by = "",
                                           .deaths = 1,
                                           .attempts = 1,
                                           .priority = what->priority,
                                           .first_us = run->completed_us,
                                           .last_us = run->completed_us});
}

/* Long: one row, a member a line. */
static void insert(struct server *s, const struct api_actor *who, const struct api_task *what,
                   const struct sha256_hex *hash, const char *run_id)
{
    const char *end = json_string_value(json_object_get(what->payload, "end"));
    auto_mem char *payload = json_dumps(what->payload, JSON_COMPACT);
    bool dag = json_is_true(json_object_get(what->payload, "dag"));
    auto_mem char *dag_id = dag ? mem_str("nightly") : mem_printf(DAG_OF_LANE "%s", what->lane);
    struct store_batch *batch = store_batch_new();
    int64_t now = clock_wall_us();
    struct store_run run = {.run_id = run_id,
                            .tenant = who->tenant,
                            .dag_id = dag_id,
                            .dag_version = "1",
                            .status = STORE_RUN_RUNNING,
                            .run_token = what->task_id,
                            .inputs_hash = hash->text,
                            .trace_id = who->trace_id,
                            .input = payload,
                            .levels = "[[\"task\"]]",
                            .counts.total = 1,
                            .lease_owner = store_host_id(s->store),
                            .lease_epoch = store_host_epoch(s->store),
                            .parent_run_id = what->replay_of,
                            .parent_kind = what->replay_of != NULL ? PARENT_REPLAY : NULL,
                            .task_priority = what->priority,
                            .task_lane = dag ? what->lane : NULL,
                            .created_us = now,
                            .started_us = now};

    if (json_is_true(json_object_get(what->payload, "pending")))
        run.status = STORE_RUN_PENDING;
    if (end != NULL) {
        run.status = store_run_status_parse(end);
        run.completed_us = now + 5;
    }
    store_batch_run_insert(batch, &run);
    if (end != NULL)
        add_nodes(batch, &run, payload);
    if (run.status == STORE_RUN_FAILED)
        add_letter(batch, &run, what);
    if (what->replay_of != NULL)
        store_batch_dead_letter_replayed(batch, who->tenant, what->replay_of, what->task_id);
    server_commit(s, batch, NULL, 0);
}

static void refuse_retry(api_done_fn done, void *done_arg)
{
    auto_json findings = json_pack("[{s:s}]", "message", "a finding");
    struct err e = {0};

    (void)err_set(&e, ERR_UNPROCESSABLE, "a finding");
    done(done_arg,
         &(struct api_outcome){.e = &e, .code = "DEFINITION_INVALID", .findings = findings});
}

static void enqueue(void *arg, const struct api_actor *who, const struct api_task *what,
                    api_done_fn done, void *done_arg)
{
    struct sha256_hex hash;
    char run_id[UUID_TEXT_BYTES];
    struct err e = {0};

    if (strcmp(what->lane, "default") == 0) {
        server_fail(done, done_arg, ERR_UNPROCESSABLE, "LANE_HAS_NO_AGENT", "no agent");
        return;
    }
    if (json_is_true(json_object_get(what->payload, "full")) && !what->force) {
        server_fail(done, done_arg, ERR_LIMIT, "LANE_FULL", "it is full");
        return;
    }
    if (strcmp(what->lane, "ml") != 0 && strcmp(what->lane, "codegen") != 0) {
        server_fail(done, done_arg, ERR_NOT_FOUND, "LANE_NOT_FOUND", "Lane not found");
        return;
    }
    if (json_is_true(json_object_get(what->payload, "first")) && !what->first) {
        server_fail(done, done_arg, ERR_CONFLICT, NULL, "it should be the first");
        return;
    }
    if (json_integer_value(json_object_get(what->retry, "max_retries")) < 0) {
        refuse_retry(done, done_arg);
        return;
    }
    (void)!jcs_sha256(what->payload, &hash, &e);
    if (known(arg, who, what, &hash, done, done_arg))
        return;
    uuid7(clock_wall_us(), run_id);
    insert(arg, who, what, &hash, run_id);
    done(done_arg, &(struct api_outcome){.run_id = run_id, .created = true});
}

static void now(void *arg, const struct api_task_of *of, struct api_task_now *ret)
{
    struct server *s = arg;
    auto_done(store_run_list) rows = {0};
    auto_json payload = NULL;
    struct err e = {0};

    *ret = (struct api_task_now){.express = of->priority >= 12};
    if (!store_read_run(s->reader, of->tenant, of->run_id, &rows, &e) ||
        rows.rows[0].completed_us != 0)
        return;
    payload = json_loads(rows.rows[0].input, 0, NULL);
    ret->here = !json_is_true(json_object_get(payload, "away"));
    ret->runs = json_is_true(json_object_get(payload, "runs"));
    ret->started_us = ret->runs ? rows.rows[0].created_us : 0;
    if (ret->runs)
        ret->worker = (struct lane_worker){LANE_EXPRESS, 1};
    ret->position = ret->here && !ret->runs ? 2 : 0;
    ret->priority = 11;
    ret->at_once = json_is_true(json_object_get(payload, "at_once"));
}

static void prioritize(void *arg, const struct api_actor *who, const struct api_task_priority *what,
                       api_done_fn done, void *done_arg)
{
    struct server *s = arg;
    auto_done(store_run_list) rows = {0};
    struct store_batch *batch;
    struct err e = {0};

    if (!store_read_run(s->reader, who->tenant, what->run_id, &rows, &e) ||
        rows.rows[0].completed_us != 0) {
        server_fail(done, done_arg, ERR_CONFLICT, NULL, "it does not wait");
        return;
    }
    batch = store_batch_new();
    store_batch_task_prioritize(batch, who->tenant, what->run_id, what->priority);
    server_commit(s, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){.run_id = what->run_id});
}

static void clear(void *arg, const struct api_actor *who, const struct api_letters_clear *what,
                  api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    if (strcmp(who->reason, "too late") == 0) {
        store_batch_free(batch);
        server_fail(done, done_arg, ERR_CONFLICT, NULL, "the dead letter has changed");
        return;
    }
    store_batch_dead_snapshot_put(batch, &what->snapshot);
    for (size_t i = 0; i < what->count; i++)
        store_batch_dead_letter_clear(batch, who->tenant, what->letters[i].dead_letter_id,
                                      what->letters[i].deaths);
    server_commit(arg, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){0});
}

void server_tasks_serve(struct api_engine *engine)
{
    engine->task_enqueue = enqueue;
    engine->task_prioritize = prioritize;
    engine->letters_clear = clear;
    engine->task_now = now;
}
