/* health.c -- is the host alive, is it ready; and the two admin operations beside it. */
#include "api/http/jsonw.h"
#include "api/request/reply.h"
#include "api/routes/handlers.h"

#include <string.h>

static struct api_health health_of(const struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_health health = {0};

    engine->health(engine->arg, &health);
    if (req->server->draining) {
        health.ready = false;
        health.not_ready_reason = "draining";
    }
    return health;
}

/* The runbooks' route: it answers as long as the process serves. */
void health_service(struct api_request *req)
{
    json_t *body = json_pack("{s:s, s:s, s:s}", "status", "healthy", "service", "dag-orchestrator",
                             "version", ORCH_VERSION);

    api_reply_json(req, 200, &body);
}

/* word: contract/mcp.md 5.1. message: what clients of ours show of any refusal. */
static void reply_probe(struct api_request *req, bool ok, const char *word,
                        const struct api_health *health)
{
    const char *reason = health->not_ready_reason != NULL ? health->not_ready_reason : "not ready";
    struct buf body = {0};

    jw_open(&body, NULL, '{');
    jw_str(&body, "status", ok ? word : "unavailable");
    if (!ok) {
        jw_str(&body, "reason", reason);
        jw_str(&body, "message", reason);
    }
    if (json_array_size(health->degraded) > 0)
        jw_json(&body, "degraded", health->degraded);
    if (api_query(req, "verbose") != NULL)
        jw_json(&body, "checks", health->checks);
    jw_close(&body, '}');
    api_reply_text(req, ok ? 200 : 503, &body);
}

/* A host that is not live must be started anew; the rest is for who asks whether it is ready. */
static void reply_live(struct api_request *req, const char *word)
{
    struct api_health health = health_of(req);

    health.degraded = NULL;
    reply_probe(req, health.live, word, &health);
}

void health_ok(struct api_request *req)
{
    reply_live(req, "ok");
}

void health_live(struct api_request *req)
{
    reply_live(req, "alive");
}

void health_ready(struct api_request *req)
{
    struct api_health health = health_of(req);

    reply_probe(req, health.ready, "ready", &health);
}

/* Depth of the asking tenant's queue only: the names of others are not for it. */
void admin_health(struct api_request *req)
{
    struct api_health health = health_of(req);
    const json_t *depth = json_object_get(health.queue_depth, req->who.tenant);
    struct buf body = {0};

    jw_open(&body, NULL, '{');
    jw_bool(&body, "live", health.live);
    jw_bool(&body, "ready", health.ready);
    jw_str(&body, "notReadyReason", health.not_ready_reason);
    jw_json(&body, "degraded", health.degraded);
    jw_bool(&body, "accepting", health.accepting);
    jw_int(&body, "activeRuns", health.runs_active);
    jw_int(&body, "maxRuns", health.runs_active_max);
    jw_int(&body, "queuedRuns", health.runs_queued);
    jw_open(&body, "queueDepth", '{');
    jw_int(&body, req->who.tenant, json_integer_value(depth));
    jw_close(&body, '}');
    jw_json(&body, "checks", health.checks);
    jw_close(&body, '}');
    api_reply_text(req, 200, &body);
}

static void on_warmed(void *arg, const struct api_outcome *out)
{
    struct api_request *req = request_of(arg);
    json_t *body;

    if (out->e != NULL) {
        api_reply_outcome_error(req, out);
        return;
    }
    body = json_pack("{s:s}", "message", "Caches warmed");
    api_reply_json(req, 202, &body);
}

void admin_warm(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->warm(engine->arg, &who, on_warmed, req);
}
