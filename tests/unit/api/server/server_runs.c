/* server_runs.c -- the test engine's runs: made up, but whole in the store; see server_engine.h. */
#include "server_engine.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"
#include "model/ledger/record.h"
#include "store/hosts.h"

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* Long: one node as each of its four tables has it, a member a line. */
static void add_node(struct store_batch *batch, const struct store_run *run, bool failed)
{
    struct node_record record = {.node_id = "A",
                                 .agent_id = "conformance.stub",
                                 .input_hash = zeros,
                                 .output_hash = zeros,
                                 .attempt_count = 1,
                                 .started_at = "2026-11-22T00:00:00.000001Z",
                                 .completed_at = "2026-11-22T00:00:00.000002Z",
                                 .duration_ms = 0.5,
                                 .plugin = "conformance@1",
                                 .plugin_digest = zeros,
                                 .profile = "pure"};
    struct node_record_hashes hashes;
    auto_done(buf) text = {0};

    node_record_write(&record, &text, &hashes);
    store_batch_node_upsert(batch, &(struct store_node){.run_id = run->run_id,
                                                        .tenant = run->tenant,
                                                        .node_id = "A",
                                                        .agent_id = "conformance.stub",
                                                        .status = failed ? STORE_NODE_FAILED
                                                                         : STORE_NODE_COMPLETED,
                                                        .input_hash = zeros,
                                                        .output_hash = zeros,
                                                        .outputs = "{\"ok\":1}",
                                                        .error = failed ? "it broke" : NULL,
                                                        .error_class = failed ? "Broken" : NULL,
                                                        .error_source = failed ? "agent" : NULL,
                                                        .duration_ms = 0.5,
                                                        .attempts = 1,
                                                        .started_us = run->started_us,
                                                        .completed_us = run->started_us + 7});
    store_batch_provenance_put(batch, &(struct store_provenance){.run_id = run->run_id,
                                                                 .tenant = run->tenant,
                                                                 .node_id = "A",
                                                                 .input_hash = zeros,
                                                                 .output_hash = zeros,
                                                                 .parent_hashes = "[]",
                                                                 .chain_hash = hashes.chain.text,
                                                                 .record_hash = hashes.record.text,
                                                                 .record = buf_text(&text),
                                                                 .attempts = 1,
                                                                 .created_us = run->started_us});
    store_batch_checkpoint_put(batch, &(struct store_checkpoint){.run_id = run->run_id,
                                                                 .tenant = run->tenant,
                                                                 .node_id = "A",
                                                                 .status = STORE_NODE_COMPLETED,
                                                                 .outputs = "{\"ok\":1}",
                                                                 .output_hash = zeros,
                                                                 .attempts = 1,
                                                                 .created_us = run->started_us});
    store_batch_log_append(batch, &(struct store_log){.run_id = run->run_id,
                                                      .tenant = run->tenant,
                                                      .node_id = "A",
                                                      .attempt = 1,
                                                      .level = "info",
                                                      .text = "hello",
                                                      .at_us = run->started_us});
}

struct later {
    uv_timer_t timer;
    struct server *server;
    api_done_fn done;
    void *done_arg;
    char run_id[UUID_TEXT_BYTES];
    char trace_id[33];
};

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_later(uv_timer_t *timer)
{
    struct later *l = timer->data;

    l->done(l->done_arg,
            &(struct api_outcome){.run_id = l->run_id, .trace_id = l->trace_id, .created = true});
    l->server->answers_open--;
    uv_close((uv_handle_t *)timer, on_timer_closed);
}

static void answer_later(struct server *s, const char *run_id, const char *trace_id, int64_t delay,
                         api_done_fn done, void *done_arg)
{
    struct later *l = mem_new(struct later);

    l->server = s;
    s->answers_open++;
    l->done = done;
    l->done_arg = done_arg;
    (void)!text_copy(l->run_id, sizeof l->run_id, run_id);
    (void)!text_copy(l->trace_id, sizeof l->trace_id, trace_id);
    uv_timer_init(&s->loop, &l->timer);
    l->timer.data = l;
    uv_timer_start(&l->timer, on_later, (uint64_t)delay, 0);
}

/* A document of so many bytes, of which 8 frame the text. */
static char *payload(int64_t bytes)
{
    return mem_printf("{\"x\":\"%*s\"}", bytes > 8 ? (int)bytes - 8 : 0, "");
}

static void insert(struct server *s, const struct store_run *run, const json_t *inputs)
{
    int64_t events = json_integer_value(json_object_get(inputs, "events"));
    auto_mem char *text = payload(json_integer_value(json_object_get(inputs, "payload_bytes")));
    bool failed = json_is_true(json_object_get(inputs, "fail"));
    auto_mem struct api_event *list = mem_array((size_t)events + 1, struct api_event);
    struct store_batch *batch = store_batch_new();

    store_batch_run_insert(batch, run);
    add_node(batch, run, failed);
    for (int64_t i = 0; i <= events; i++)
        list[i] = (struct api_event){.tenant = run->tenant,
                                     .dag_id = run->dag_id,
                                     .run_id = run->run_id,
                                     .type = i == 0 ? "run.started" : "run.updated",
                                     .status = "running",
                                     .trace_id = run->trace_id,
                                     .wall_us = run->started_us,
                                     .payload = text};
    if (!json_is_true(json_object_get(inputs, "hold")))
        store_batch_run_end(batch, &(struct store_run_end){.tenant = run->tenant,
                                                           .run_id = run->run_id,
                                                           .status = failed ? STORE_RUN_FAILED
                                                                            : STORE_RUN_COMPLETED,
                                                           .output = "{}",
                                                           .outputs_hash = zeros,
                                                           .counts = {1, 1, 0, 0},
                                                           .completed_us = run->started_us + 9});
    server_commit(s, batch, list, (size_t)events + 1);
}

/* As the engine keeps them. */
static const char deadlines[] = "{\"deadlines\":[{\"at\":2000000,\"warn\":1000000,\"warned\":"
                                "1000001},{\"node\":\"A\",\"at\":3000000,\"missed\":3000001}]}";

void server_run_start(void *arg, const struct api_actor *who, const struct api_run_start *what,
                      api_done_fn done, void *done_arg)
{
    struct server *s = arg;
    auto_done(store_dag_list) dags = {0};
    auto_done(store_run_list) runs = {0};
    int64_t delay = json_integer_value(json_object_get(what->inputs, "delay_ms"));
    char run_id[UUID_TEXT_BYTES];
    struct sha256_hex hash;
    struct err e;

    if (!store_read_dag_latest(s->reader, who->tenant, what->dag_id, STORE_DAG_ENABLED, &dags,
                               &e) ||
        !jcs_sha256(what->inputs, &hash, &e)) {
        server_fail(done, done_arg, e.code, NULL, "DAG not found");
        return;
    }
    if (what->run_token != NULL &&
        store_read_run_by_token(s->reader, who->tenant, what->run_token, what->dag_id, hash.text,
                                &runs, &e) &&
        runs.count > 0) {
        done(done_arg, &(struct api_outcome){.run_id = runs.rows[0].run_id,
                                             .trace_id = runs.rows[0].trace_id});
        return;
    }
    uuid7(clock_wall_us(), run_id);
    insert(s,
           &(struct store_run){.run_id = run_id,
                               .tenant = who->tenant,
                               .dag_id = what->dag_id,
                               .dag_version = dags.rows[0].version,
                               .status = STORE_RUN_RUNNING,
                               .run_token = what->run_token,
                               .inputs_hash = hash.text,
                               .trace_id = who->trace_id,
                               .input = "{}",
                               .levels = "[[\"A\"]]",
                               .options = what->deadline != NULL ? deadlines : NULL,
                               .counts = {1, 0, 0, 0},
                               .lease_owner = json_is_true(json_object_get(what->inputs, "mine"))
                                                  ? store_host_id(s->store)
                                                  : NULL,
                               .lease_epoch = store_host_epoch(s->store),
                               .created_us = clock_wall_us(),
                               .started_us = clock_wall_us()},
           what->inputs);
    if (delay > 0)
        answer_later(s, run_id, who->trace_id, delay, done, done_arg);
    else
        done(done_arg,
             &(struct api_outcome){.run_id = run_id, .trace_id = who->trace_id, .created = true});
}

/* Cancel, resume, pause: only whether the run is there and open. */
static void change(struct server *s, const struct api_actor *who, const char *run_id,
                   bool wants_open, api_done_fn done, void *done_arg)
{
    auto_done(store_run_list) runs = {0};
    auto_json list = json_array();
    struct err e;

    if (!store_read_run(s->reader, who->tenant, run_id, &runs, &e))
        server_fail(done, done_arg, e.code, NULL, "no such run");
    else if ((runs.rows[0].status == STORE_RUN_RUNNING) != wants_open)
        server_fail(done, done_arg, ERR_CONFLICT, "RUN_STATE", "the run is not in that state");
    else
        done(done_arg,
             &(struct api_outcome){.run_id = run_id,
                                   .completed = runs.rows[0].task_priority > 0 &&
                                                runs.rows[0].status == STORE_RUN_COMPLETED,
                                   .skipped = list,
                                   .remaining = list});
}

void server_run_cancel(void *arg, const struct api_actor *who, const char *run_id, api_done_fn done,
                       void *done_arg)
{
    change(arg, who, run_id, true, done, done_arg);
}

void server_run_resume(void *arg, const struct api_actor *who, const char *run_id, api_done_fn done,
                       void *done_arg)
{
    change(arg, who, run_id, false, done, done_arg);
}

void server_run_pause(void *arg, const struct api_actor *who, const char *run_id, bool pause,
                      api_done_fn done, void *done_arg)
{
    (void)pause;
    change(arg, who, run_id, true, done, done_arg);
}

void server_run_restart(void *arg, const struct api_actor *who, const struct api_run_restart *what,
                        api_done_fn done, void *done_arg)
{
    change(arg, who, what->run_id, false, done, done_arg);
}

void server_checkpoints_delete(void *arg, const struct api_actor *who, const char *run_id,
                               api_done_fn done, void *done_arg)
{
    struct server *s = arg;
    auto_done(store_checkpoint_list) rows = {0};
    struct store_batch *batch = store_batch_new();
    struct err e;

    if (!store_read_checkpoints(s->reader, who->tenant, run_id, (struct store_page){0}, &rows, &e))
        abort();
    store_batch_checkpoint_delete(batch, who->tenant, run_id, NULL);
    server_commit(s, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){.count = (int64_t)rows.count});
}
