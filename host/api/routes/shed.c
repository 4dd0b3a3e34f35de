/* shed.c -- an operator's switch against too much work (contract/mcp.md 5.1, LANES_KIT.md 9). */
#include "api/http/fields.h"
#include "api/http/jsonw.h"
#include "api/request/reply.h"
#include "api/routes/handlers.h"

static void reply_shed(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    const struct api_shed shed = engine->shed_now(engine->arg);
    struct buf body = {0};

    jw_open(&body, NULL, '{');
    jw_bool(&body, "enabled", shed.on);
    jw_str(&body, "reason", shed.reason);
    jw_time(&body, "since", shed.since_us);
    jw_int(&body, "retry_after_s", API_SHED_RETRY_S);
    jw_bool(&body, "automatic", shed.automatic);
    jw_close(&body, '}');
    api_reply_text(req, 200, &body);
}

static void on_switched(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        api_reply_outcome_error(request_of(arg), out);
    else
        reply_shed(request_of(arg));
}

static void turn_it(struct api_request *req, bool on)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);
    struct err e = {0};

    /* What the body says is what is shown; a header may be every request's. */
    if (fields_text(req->json, "reason", who.reason, REASON_BYTES_MAX, &who.reason, &e))
        engine->shed_switch(engine->arg, &who, on, on_switched, req);
    else
        api_reply_error(req, &e, "FIELD_INVALID");
}

void shed_status(struct api_request *req)
{
    reply_shed(req);
}

void shed_enable_op(struct api_request *req)
{
    turn_it(req, true);
}

void shed_disable_op(struct api_request *req)
{
    turn_it(req, false);
}
