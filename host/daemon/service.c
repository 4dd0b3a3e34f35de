/* service.c -- see service.h. */
#include "daemon/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/bridge.h"
#include "daemon/host.h"
#include "daemon/queues.h"
#include "daemon/reload.h"
#include "daemon/revoke.h"
#include "daemon/schedules.h"
#include "engine/catalog/agents.h"
#include "engine/catalog/dag_cache.h"
#include "engine/catalog/definitions.h"
#include "engine/catalog/secrets.h"
#include "engine/control/control.h"
#include "engine/engine.h"
#include "engine/env/audit.h"
#include "engine/evidence/heads.h"
#include "engine/evidence/seals.h"
#include "engine/evidence/statements.h"
#include "sandbox/wire/super_wire.h"
#include "store/hosts.h"

#include <string.h>

/* ---- definitions, runs, secrets: one line each ---- */

static const struct engine_env *env_of(void *arg)
{
    return &((struct host *)arg)->env;
}

static struct definitions *definitions_of(void *arg)
{
    return engine_definitions(((struct host *)arg)->engine);
}

static void dag_publish(void *arg, const struct api_actor *who, const struct api_publish *what,
                        api_done_fn done, void *done_arg)
{
    definitions_publish(definitions_of(arg), who, what, done, done_arg);
}

static void dag_update(void *arg, const struct api_actor *who, const char *dag_id, json_t *patch,
                       api_done_fn done, void *done_arg)
{
    definitions_update(definitions_of(arg), who, dag_id, patch, done, done_arg);
}

static void dag_delete(void *arg, const struct api_actor *who, const char *dag_id, api_done_fn done,
                       void *done_arg)
{
    definitions_delete(env_of(arg), who, dag_id, done, done_arg);
}

static void dag_disable(void *arg, const struct api_actor *who, const char *dag_id,
                        const char *version, api_done_fn done, void *done_arg)
{
    definitions_disable(env_of(arg), who, dag_id, version, done, done_arg);
}

static struct engine *engine_of(void *arg)
{
    return ((struct host *)arg)->engine;
}

static struct control *control_of(void *arg)
{
    return engine_control(engine_of(arg));
}

static void run_start_call(void *arg, const struct api_actor *who, const struct api_run_start *what,
                           api_done_fn done, void *done_arg)
{
    control_start(control_of(arg), who, what, done, done_arg);
}

static void run_cancel_call(void *arg, const struct api_actor *who, const char *run_id,
                            api_done_fn done, void *done_arg)
{
    control_cancel(control_of(arg), who, run_id, done, done_arg);
}

static void run_resume_call(void *arg, const struct api_actor *who, const char *run_id,
                            api_done_fn done, void *done_arg)
{
    control_resume(control_of(arg), who, run_id, done, done_arg);
}

static void run_pause_call(void *arg, const struct api_actor *who, const char *run_id, bool pause,
                           api_done_fn done, void *done_arg)
{
    control_pause(control_of(arg), who, run_id, pause, done, done_arg);
}

static void run_restart_call(void *arg, const struct api_actor *who,
                             const struct api_run_restart *what, api_done_fn done, void *done_arg)
{
    control_restart(control_of(arg), who, what, done, done_arg);
}

static void checkpoints_delete(void *arg, const struct api_actor *who, const char *run_id,
                               api_done_fn done, void *done_arg)
{
    control_checkpoints_delete(control_of(arg), who, run_id, done, done_arg);
}

static void secret_put(void *arg, const struct api_actor *who, const struct api_secret_put *what,
                       api_done_fn done, void *done_arg)
{
    secrets_put(env_of(arg), who, what, done, done_arg);
}

static void secret_delete(void *arg, const struct api_actor *who, const char *name,
                          api_done_fn done, void *done_arg)
{
    secrets_delete(env_of(arg), who, name, done, done_arg);
}

/* ---- ledger, warm, idempotency, health ---- */

static void ledger_seal(void *arg, const char *tenant, api_done_fn done, void *done_arg)
{
    seals_ask(engine_seals(engine_of(arg)), tenant, done, done_arg);
}

static void warm(void *arg, const struct api_actor *who, api_done_fn done, void *done_arg)
{
    log_event(LOG_INFO, "caches.warmed", F_STR("subject", who->subject));
    audit_write(env_of(arg), who, "audit.trust_reloaded", NULL, NULL, NULL);
    reload_trust(arg, done, done_arg);
}

static void token_revoke(void *arg, const struct api_actor *who, const char *token_id,
                         api_done_fn done, void *done_arg)
{
    revoke_token(arg, who, token_id, done, done_arg);
}

static json_t *plugins_owned(void *arg, const char *tenant)
{
    const struct host *host = arg;

    return json_pack("{s:b, s:o}", "settled", agents_settled(host->agents), "items",
                     agents_list_owned(host->agents, tenant));
}

static void plugin_release(void *arg, const struct api_actor *who, const char *digest,
                           api_done_fn done, void *done_arg)
{
    struct host *host = arg;
    struct err e = {0};

    if (!agents_release(host->agents, who->tenant, digest, &e)) {
        done(done_arg, &(struct api_outcome){.e = &e});
        return;
    }
    log_event(LOG_WARN, "plugin.released", F_STR("digest", digest), F_STR("subject", who->subject));
    audit_write(&host->env, who, "audit.plugin_released", json_pack("{s:s}", "digest", digest),
                done, done_arg);
}

static void plugin_remove(void *arg, const struct api_actor *who, const char *digest,
                          api_done_fn done, void *done_arg)
{
    struct host *host = arg;
    struct err e = {0};

    if (!agents_remove(host->agents, who->tenant, digest, &e)) {
        done(done_arg, &(struct api_outcome){.e = &e});
        return;
    }
    /* Behind the commit that takes it from the store. */
    audit_write(&host->env, who, "audit.plugin_removed", json_pack("{s:s}", "digest", digest), done,
                done_arg);
}

struct remembering {
    api_done_fn done;
    void *done_arg;
};

static void remembered(void *arg, const struct store_done *result)
{
    auto_mem struct remembering *r = arg;

    r->done(r->done_arg, &(struct api_outcome){.e = result->err});
}

#define IDEMPOTENCY_KEPT_US (24LL * 3600 * 1000000)

static void idempotency_put(void *arg, const struct api_idempotency *what, api_done_fn done,
                            void *done_arg)
{
    struct host *host = arg;
    struct store_batch *batch = store_batch_new();
    struct remembering *r = mem_new(struct remembering);
    int64_t now = clock_wall_us();
    struct err e = {0};

    *r = (struct remembering){done, done_arg};
    store_batch_idempotency_put(batch, &(struct store_idempotency){
                                           .tenant = what->tenant,
                                           .key = what->key,
                                           .path = what->path,
                                           .request_hash = what->request_hash,
                                           .status = what->status,
                                           .body = what->body,
                                           .created_us = now,
                                           .expires_us = now + IDEMPOTENCY_KEPT_US,
                                       });
    if (store_submit_take(host->store, &batch, remembered, r, &e))
        return;
    store_batch_free(batch);
    remembered(r, &(struct store_done){.err = &e});
}

static json_t *check(bool ok, const char *detail)
{
    return json_pack("{s:s, s:s}", "status", ok ? "pass" : "fail", "detail", detail);
}

/* The report, and who vouches for each layer of an attempt; what its plugin says is in neither. */
static json_t *layers_owned(const struct layer_report *report)
{
    auto_done(buf) text = {0};
    json_t *layers, *list;

    layer_report_json(report, &text);
    layers = json_loads(buf_text(&text), 0, NULL);
    list = json_object_get(layers, "layers");
    for (int bit = 0; bit < LAYER_COUNT; bit++)
        json_object_set_new(json_array_get(list, (size_t)bit), "vouched_by",
                            json_string((OUTER_LAYERS & 1u << bit) != 0 ? "supervisor" : "worker"));
    return layers;
}

/* Words with commas or blanks between. */
static json_int_t words_in(const char *list)
{
    json_int_t count = 0;

    for (const char *at = list + strspn(list, ", "); *at != '\0'; at += strspn(at, ", ")) {
        count++;
        at += strcspn(at, ", ");
    }
    return count;
}

/* Anybody may ask: patterns of tenants are counted, not named. */
static json_t *sandbox_check(struct host *host)
{
    json_t *sandbox = check(true, "layers that this host enforces");
    const char *warm = config_text(host->config, CONFIG_WARM_TENANTS);

    json_object_set_new(sandbox, "layers", layers_owned(sandbox_layers(host->sandbox)));
    json_object_set_new(sandbox, "isolation", json_string(isolation_name(ISOLATION_COLD)));
    json_object_set_new(sandbox, "warm_tenants", json_integer(words_in(warm)));
    return sandbox;
}

static json_t *checks_of(struct host *host)
{
    json_t *checks = json_object();
    const struct heads *heads = engine_heads(host->engine);
    const struct statements *made = engine_statements(host->engine);
    const struct err *unsealed = heads_failed(heads), *unsigned_why;
    auto_mem char *plugins = NULL, *statements = NULL, *ledger = NULL;
    struct err why = {0};
    bool store_ok = !store_failed(host->store, &why);
    bool authority_ok = authority_client_attached(host->authority);
    struct engine_counts counts = engine_counts(host->engine);
    unsigned loaded, refused;

    agents_counts(host->agents, &loaded, &refused);
    plugins = mem_printf("%u loaded, %u refused", loaded, refused); /* GET /admin/plugins: why */
    unsigned_why = statements_left_why(made);
    statements = mem_printf(
        "%u waiting for a signature, %u left unsigned (orch run list --statement refused)%s%s",
        statements_pending(made), statements_left(made), unsigned_why != NULL ? ": " : "",
        unsigned_why != NULL ? unsigned_why->msg : "");
    ledger = mem_printf("%lld events without a signed head", (long long)heads_behind(heads));
    json_object_set_new(checks, "store",
                        check(store_ok, store_ok ? store_version(host->store) : why.msg));
    json_object_set_new(checks, "authority",
                        check(authority_ok, authority_ok ? "attached" : "restarting"));
    json_object_set_new(checks, "plugins", check(refused == 0, plugins));
    json_object_set_new(checks, "nodes",
                        check(counts.nodes_held == 0,
                              counts.nodes_held > 0 ? counts.held_reason : "none is held"));
    json_object_set_new(checks, "statements", check(unsigned_why == NULL, statements));
    json_object_set_new(checks, "ledger",
                        check(unsealed == NULL, unsealed != NULL ? unsealed->msg : ledger));
    json_object_set_new(checks, "sandbox", sandbox_check(host));
    json_object_set_new(checks, "admission", queues_admission_owned(host));
    bridge_checks(host, checks);
    return checks;
}

/* What a probe tells besides yes or no. Anybody may ask: bundles are counted, not named. */
static json_t *degraded_owned(const struct host *host)
{
    json_t *reasons = json_array();
    unsigned loaded, refused;
    auto_mem char *text = NULL;

    agents_counts(host->agents, &loaded, &refused);
    if (refused > 0) {
        text =
            mem_printf("%u of %u plugin bundles were refused: GET /admin/plugins and orch doctor "
                       "say why",
                       refused, loaded + refused);
        json_array_append_new(reasons, json_string(text));
    }
    if (!authority_client_attached(host->authority))
        json_array_append_new(reasons, json_string("the authority is being started again"));
    bridge_degraded(host, reasons);
    return reasons;
}

static const char *store_away(void *arg)
{
    const struct host *host = arg;

    return store_blocked(host->store, NULL) ? store_blocked_text(host->store) : NULL;
}

/* Why no probe should send clients here; NULL: it is ready. The first that counts. */
static const char *not_ready(struct host *host, const struct engine_counts *counts)
{
    const char *away = store_away(host), *hangs = pulse_reason(host);

    if (store_failed(host->store, NULL))
        return "the store has failed";
    if (away != NULL)
        return away;
    if (store_hold(host->store) != STORE_HELD)
        return "this host has lost touch with the store";
    if (engine_draining(host->engine))
        return "draining";
    if (hangs != NULL)
        return hangs;
    if (host->fatal.code != ERR_NONE)
        return host->fatal.msg;
    if (!engine_accepting(host->engine))
        return "accept-runs is false: no run is admitted, those that are there go on";
    return counts->held_reason;
}

static void health(void *arg, struct api_health *ret)
{
    static json_t *checks, *depth, *degraded; /* lent until the next call (api.h) */
    struct host *host = arg;
    struct engine_counts counts = engine_counts(host->engine);
    const char *reason = not_ready(host, &counts);

    json_decref(checks);
    json_decref(depth);
    json_decref(degraded);
    checks = checks_of(host);
    depth = engine_queue_depth_owned(host->engine);
    degraded = degraded_owned(host);
    *ret = (struct api_health){
        .live = !store_failed(host->store, NULL),
        .ready = reason == NULL,
        .accepting = engine_accepting(host->engine),
        .degraded = degraded,
        .runs_active = counts.runs_active,
        .runs_active_max = (uint32_t)config_int(host->config, CONFIG_RUNS_ACTIVE_MAX),
        .runs_queued = counts.runs_waiting,
        .checks = checks,
        .queue_depth = depth,
        .checkpoint_strategy = "sqlite",
        .not_ready_reason = reason,
    };
}

static const char *secret_box_key(void *arg)
{
    const struct host *host = arg;

    return host->box_key[0] != '\0' ? host->box_key : NULL;
}

const struct api_engine *service_engine(struct host *host)
{
    static struct api_engine engine;

    engine = (struct api_engine){
        .arg = host,
        .dag_publish = dag_publish,
        .dag_update = dag_update,
        .dag_delete = dag_delete,
        .dag_disable = dag_disable,
        .run_start = run_start_call,
        .run_cancel = run_cancel_call,
        .run_resume = run_resume_call,
        .run_pause = run_pause_call,
        .run_restart = run_restart_call,
        .checkpoints_delete = checkpoints_delete,
        .secret_put = secret_put,
        .secret_delete = secret_delete,
        .ledger_seal = ledger_seal,
        .plugins_owned = plugins_owned,
        .plugin_release = plugin_release,
        .plugin_remove = plugin_remove,
        .token_revoke = token_revoke,
        .warm = warm,
        .idempotency_put = idempotency_put,
        .health = health,
        .store_away = store_away,
        .secret_box_key = secret_box_key,
    };
    queues_serve(&engine);
    schedules_serve(&engine);
    return &engine;
}

/* ---- tokens ---- */

struct verifying {
    struct host *host;
    api_verified_fn done;
    void *done_arg;
};

static void add_reason(json_t *data, const char *name, const char *text)
{
    if (*text != '\0')
        json_object_set_new(data, name, json_string(text));
}

/* A token is minted by whoever reads the root key, with or without a host. Its entry is written
 * when the host first sees it, once. */
static void note_token(struct host *host, const struct token_claims *claims)
{
    const struct api_actor who = {.tenant = claims->tenant,
                                  .subject = claims->subject,
                                  .reason = claims->why[ELEVATION_OPERATOR].reason,
                                  .ticket = claims->why[ELEVATION_OPERATOR].ticket,
                                  .trace_id = "",
                                  .traceparent = ""};
    auto_done(buf) scopes = {0};
    json_t *data;

    token_scopes_text(claims->scopes, &scopes);
    data = json_pack("{s:s, s:s, s:I, s:I}", "token_id", claims->id, "scope", buf_text(&scopes),
                     "issued_s", (json_int_t)claims->issued_s, "expires_s",
                     (json_int_t)claims->expires_s);
    add_reason(data, "quota_reason", claims->why[ELEVATION_QUOTA].reason);
    add_reason(data, "quota_ticket", claims->why[ELEVATION_QUOTA].ticket);
    add_reason(data, "backfill_reason", claims->why[ELEVATION_BACKFILL].reason);
    add_reason(data, "backfill_ticket", claims->why[ELEVATION_BACKFILL].ticket);
    audit_write_once(&host->env, &who, claims->id, "audit.token_minted", data);
}

static void token_checked(void *arg, const struct authority_result *result, const struct err *e)
{
    auto_mem struct verifying *v = arg;
    struct api_claims claims;

    if (e != NULL) {
        v->done(v->done_arg, NULL, e);
        return;
    }
    claims = (struct api_claims){
        .token_id = result->claims.id,
        .subject = result->claims.subject,
        .tenant = result->claims.tenant,
        .scopes = result->claims.scopes,
        .expires_unix = result->claims.expires_s,
    };
    note_token(v->host, &result->claims);
    v->done(v->done_arg, &claims, NULL);
}

static void verify(void *arg, const char *token, size_t len, api_verified_fn done, void *done_arg)
{
    struct host *host = arg;
    struct verifying *v = mem_new(struct verifying);
    struct err e = {0};

    *v = (struct verifying){host, done, done_arg};
    if (!authority_token_verify(host->authority, token, len,
                                (struct authority_reply){token_checked, v}, &e))
        token_checked(v, NULL, &e);
}

const struct api_auth *service_auth(struct host *host)
{
    static struct api_auth auth;

    auth = (struct api_auth){.arg = host, .verify = verify};
    return &auth;
}
