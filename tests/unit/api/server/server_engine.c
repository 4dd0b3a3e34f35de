/* server_engine.c -- see server_engine.h. */
#include "server_engine.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "lanes/members.h"
#include "model/dag/dag.h"
#include "model/dag/plan.h"
#include "model/dag/source/parse.h"
#include "store/hosts.h"

#include <assert.h>
#include <string.h>
#include <time.h>

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

void server_fail(api_done_fn done, void *arg, enum err_code code, const char *name,
                 const char *text)
{
    struct err e;

    (void)err_set(&e, code, "%s", text);
    done(arg, &(struct api_outcome){.e = &e, .code = name});
}

static int64_t next_event(struct server *s, const char *run_id)
{
    json_int_t n = json_integer_value(json_object_get(s->event_n, run_id)) + 1;

    json_object_set_new(s->event_n, run_id, json_integer(n));
    return n;
}

void server_commit(struct server *s, struct store_batch *batch, const struct api_event *events,
                   size_t count)
{
    auto_mem struct api_event *copy = mem_array(count + 1, struct api_event);
    struct store_done done;
    struct err e = {0};

    for (size_t i = 0; i < count; i++) {
        copy[i] = events[i];
        store_batch_event_append(batch, &(struct store_event){.n = next_event(s, events[i].run_id),
                                                              .tenant = events[i].tenant,
                                                              .run_id = events[i].run_id,
                                                              .dag_id = events[i].dag_id,
                                                              .type = events[i].type,
                                                              .status = events[i].status,
                                                              .trace_id = events[i].trace_id,
                                                              .node_id = events[i].step_id,
                                                              .attempt = events[i].attempt,
                                                              .at_us = events[i].wall_us,
                                                              .payload = events[i].payload,
                                                              .prev_hash = zeros,
                                                              .hash = zeros});
    }
    if (!store_commit_wait(s->store, &batch, &done, &e)) {
        fprintf(stderr, "test server: commit: %s\n", e.msg);
        abort();
    }
    for (size_t i = 0; i < count; i++)
        copy[i].seq = done.first_event + (int64_t)i;
    if (s->api != NULL && count > 0)
        api_stream_publish(s->api, copy, count);
}

/* ---- definitions ---- */

static void put_dag(struct server *s, const struct api_actor *who, const struct dag *dag)
{
    auto_json json = dag_to_json_owned(dag);
    auto_done(buf) text = {0};
    struct store_batch *batch = store_batch_new();

    json_add_compact(&text, json);
    store_batch_dag_put(batch, &(struct store_dag){.tenant = who->tenant,
                                                   .dag_id = dag->dag_id,
                                                   .version = dag->version,
                                                   .name = dag->name,
                                                   .definition = buf_text(&text),
                                                   .hash = dag->hash.text,
                                                   .on_failure = dag_failure_text(dag->on_failure),
                                                   .max_parallel_nodes = dag->max_parallel_nodes,
                                                   .enabled = true,
                                                   .created_us = clock_wall_us(),
                                                   .updated_us = clock_wall_us()});
    server_commit(s, batch, NULL, 0);
}

static void publish(void *arg, const struct api_actor *who, const struct api_publish *what,
                    api_done_fn done, void *done_arg)
{
    struct server *s = arg;
    auto_done(dag_findings) findings = {0};
    auto_done(store_dag_list) rows = {0};
    auto_json json = what->json;
    auto_json signature = what->signature;
    auto_obj(dag) dag = NULL;
    struct err e;
    bool parsed =
        what->form == API_DEFINITION_TEXT
            ? dag_parse(json_string_value(json), json_string_length(json), &dag, &findings, &e)
            : dag_from_json(json, &dag, &findings, &e);

    (void)signature;

    if (!parsed || !dag->valid) {
        auto_json list = findings_json_owned(&findings);
        auto_done(buf) text = {0};

        findings_text(&findings, &text);
        (void)err_set(&e, ERR_UNPROCESSABLE, "%s", buf_text(&text));
        done(done_arg, &(struct api_outcome){.e = &e, .findings = list});
        return;
    }
    if (store_read_dag(s->reader, who->tenant, dag->dag_id, dag->version, &rows, &e) &&
        what->dag_id_generated) {
        server_fail(done, done_arg, ERR_INVALID, "DAG_EXISTS", "DAG already exists");
        return;
    }
    put_dag(s, who, dag);
    done(done_arg, &(struct api_outcome){.dag_id = dag->dag_id,
                                         .version = dag->version,
                                         .created = rows.count == 0});
}

static void update(void *arg, const struct api_actor *who, const char *dag_id, json_t *patch,
                   api_done_fn done, void *done_arg)
{
    struct server *s = arg;
    auto_done(store_dag_list) rows = {0};
    struct err e;

    json_decref(patch);
    if (!store_read_dag_latest(s->reader, who->tenant, dag_id, STORE_DAG_LIVE, &rows, &e)) {
        server_fail(done, done_arg, e.code, NULL, "no such DAG");
        return;
    }
    done(done_arg, &(struct api_outcome){.dag_id = dag_id, .version = rows.rows[0].version});
}

static void delete (void *arg, const struct api_actor *who, const char *dag_id, api_done_fn done,
                    void *done_arg)
{
    struct server *s = arg;
    auto_done(store_dag_list) rows = {0};
    struct store_batch *batch;
    struct err e;

    if (!store_read_dag_latest(s->reader, who->tenant, dag_id, STORE_DAG_LIVE, &rows, &e)) {
        server_fail(done, done_arg, e.code, NULL, "no such DAG");
        return;
    }
    batch = store_batch_new();
    store_batch_dag_delete(batch, who->tenant, dag_id, clock_wall_us());
    server_commit(s, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){0});
}

static void disable(void *arg, const struct api_actor *who, const char *dag_id, const char *version,
                    api_done_fn done, void *done_arg)
{
    struct server *s = arg;
    auto_done(store_dag_list) rows = {0};
    struct store_batch *batch;
    struct err e;

    if (!store_read_dag(s->reader, who->tenant, dag_id, version, &rows, &e)) {
        server_fail(done, done_arg, e.code, NULL, "no such version");
        return;
    }
    batch = store_batch_new();
    store_batch_dag_set_enabled(batch, who->tenant, dag_id, version, false, clock_wall_us());
    server_commit(s, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){0});
}

/* ---- the rest ---- */

static void put_secret(void *arg, const struct api_actor *who, const struct api_secret_put *what,
                       api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    store_batch_secret_put(batch, &(struct store_secret){.tenant = who->tenant,
                                                         .name = what->name,
                                                         .version = 1,
                                                         .blob = what->boxed,
                                                         .blob_bytes = what->boxed_len,
                                                         .created_us = clock_wall_us()});
    server_commit(arg, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){.count = 1, .created = true});
}

static void delete_secret(void *arg, const struct api_actor *who, const char *name,
                          api_done_fn done, void *done_arg)
{
    (void)arg;
    (void)who;
    (void)name;
    server_fail(done, done_arg, ERR_NOT_FOUND, NULL, "no such secret");
}

static json_t *lanes_owned(void *arg)
{
    (void)arg;
    return json_pack("[{s:s, s:i}, {s:s, s:i, s:b, s:i, s:{s:i}}]", "name", "default", "slots", 16,
                     "name", "ml", "slots", 2, "paused", 0, "running", 1, "depth", "total", 3);
}

static struct lane_routing lane_routing(void *arg)
{
    return ((const struct server *)arg)->routing;
}

static json_t *workers_owned(void *arg)
{
    (void)arg;
    return json_pack("{s:i, s:[{s:s}]}", "expected", 6, "workers", "id", "express_ml_0");
}

static uint32_t workers_active(void *arg)
{
    (void)arg;
    return 5;
}

static void switch_shed(void *arg, const struct api_actor *who, bool on, api_done_fn done,
                        void *done_arg)
{
    struct server *s = arg;

    snprintf(s->shed_reason, sizeof s->shed_reason, "%s", who->reason);
    s->shed = on;
    done(done_arg, &(struct api_outcome){0});
}

static struct api_shed now_shed(void *arg)
{
    const struct server *s = arg;

    return (struct api_shed){s->shed, s->shed ? s->shed_reason : NULL, s->shed ? 1000000 : 0,
                             false};
}

/* Of the lanes that it knows nothing is stopped. */
static void preempt_in_lane(void *arg unused_arg, const struct api_actor *who unused_arg,
                            const char *lane, api_done_fn done, void *done_arg)
{
    if (strcmp(lane, "ml") == 0 || strcmp(lane, "default") == 0)
        done(done_arg, &(struct api_outcome){0});
    else
        server_fail(done, done_arg, ERR_NOT_FOUND, "LANE_NOT_FOUND", "Lane not found");
}

/* It knows the two above, makes none that is there, and holds what it was told for nothing. */
static void change_lane(void *arg, const struct api_actor *who, const struct api_lane_change *what,
                        api_done_fn done, void *done_arg)
{
    auto_json members = lane_members_json_owned(what->members);
    auto_mem char *text = json_dumps(members, JSON_COMPACT);
    struct store_batch *batch;

    if (what->must_be_there && strcmp(what->lane, "ml") != 0) {
        server_fail(done, done_arg, ERR_NOT_FOUND, "LANE_NOT_FOUND", "Lane not found");
        return;
    }
    if (strcmp(what->lane, LANE_ALL) == 0) {
        ((struct server *)arg)->routing = what->members->routing;
        done(done_arg, &(struct api_outcome){.created = false});
        return;
    }
    batch = store_batch_new();
    store_batch_lane_put(batch,
                         &(struct store_lane){.lane = what->lane,
                                              .version = ++((struct server *)arg)->lane_versions,
                                              .members = text,
                                              .said_by = who->subject,
                                              .said_in = who->tenant,
                                              .reason = who->reason,
                                              .said_us = clock_wall_us()});
    server_commit(arg, batch, NULL, 0);
    done(done_arg,
         &(struct api_outcome){.created = !what->must_be_there && !what->members->has_slots});
}

static json_t *run_why_owned(void *arg, const char *tenant, const char *run_id, uint32_t max)
{
    (void)arg;
    (void)tenant;
    (void)run_id;
    (void)max;
    return json_pack("{s:s, s:[{s:s, s:s, s:i}, {s:s, s:s, s:s, s:i}], s:i}", "status", "running",
                     "reasons", "reason", "lane_full", "detail",
                     "step 'a' is number 3 in lane 'ml': lane_full", "ahead", 2, "reason", "held",
                     "step", "b", "detail", "step 'b' is held", "ahead", 0, "more", 4);
}

static const char *host_id(void *arg)
{
    return store_host_id(((const struct server *)arg)->store);
}

static void gauges(void *arg)
{
    (void)arg;
}

static json_t *plugins_owned(void *arg, const char *tenant)
{
    (void)arg;
    (void)tenant;
    return json_pack("{s:b, s:[]}", "settled", 1, "items");
}

static void plugin_release(void *arg, const struct api_actor *who, const char *digest,
                           api_done_fn done, void *done_arg)
{
    (void)arg;
    (void)who;
    (void)digest;
    server_fail(done, done_arg, ERR_NOT_FOUND, NULL, "no quarantined plugin has this digest");
}

static void token_revoke(void *arg, const struct api_actor *who, const char *token_id,
                         api_done_fn done, void *done_arg)
{
    (void)arg;
    (void)who;
    (void)token_id;
    server_fail(done, done_arg, ERR_NOT_FOUND, NULL, "no such token was used here");
}

static void warm(void *arg, const struct api_actor *who, api_done_fn done, void *done_arg)
{
    (void)arg;
    (void)who;
    done(done_arg, &(struct api_outcome){0});
}

static void remember(void *arg, const struct api_idempotency *what, api_done_fn done,
                     void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    store_batch_idempotency_put(batch,
                                &(struct store_idempotency){.tenant = what->tenant,
                                                            .key = what->key,
                                                            .path = what->path,
                                                            .request_hash = what->request_hash,
                                                            .status = what->status,
                                                            .body = what->body,
                                                            .created_us = clock_wall_us(),
                                                            .expires_us =
                                                                clock_wall_us() + 3600000000LL});
    server_commit(arg, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){0});
}

static void health(void *arg, struct api_health *ret)
{
    struct server *s = arg;

    *ret = (struct api_health){.live = true,
                               .ready = true,
                               .accepting = true,
                               .runs_active_max = 50,
                               .checks = s->checks,
                               .queue_depth = s->depth,
                               .checkpoint_strategy = "sqlite"};
}

static const char *box_key(void *arg)
{
    (void)arg;
    return "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
}

struct api_engine server_engine_of(struct server *s)
{
    struct api_engine engine = {.arg = s,
                                .dag_publish = publish,
                                .dag_update = update,
                                .dag_delete = delete,
                                .dag_disable = disable,
                                .run_start = server_run_start,
                                .run_cancel = server_run_cancel,
                                .run_resume = server_run_resume,
                                .run_pause = server_run_pause,
                                .run_restart = server_run_restart,
                                .checkpoints_delete = server_checkpoints_delete,
                                .secret_put = put_secret,
                                .secret_delete = delete_secret,
                                .ledger_seal = server_ledger_seal,
                                .lanes_owned = lanes_owned,
                                .lane_routing = lane_routing,
                                .workers_owned = workers_owned,
                                .workers_active = workers_active,
                                .shed_switch = switch_shed,
                                .shed_now = now_shed,
                                .lane_change = change_lane,
                                .lane_preempt = preempt_in_lane,
                                .run_why_owned = run_why_owned,
                                .host_id = host_id,
                                .gauges = gauges,
                                .plugins_owned = plugins_owned,
                                .plugin_release = plugin_release,
                                .plugin_remove = plugin_release,
                                .token_revoke = token_revoke,
                                .warm = warm,
                                .idempotency_put = remember,
                                .health = health,
                                .secret_box_key = box_key};

    server_schedules_serve(&engine);
    server_tasks_serve(&engine);
    server_quotas_serve(&engine);
    return engine;
}
