/* why.c -- why a run does not go on, or how it ended (view_why.h). */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view_why.h"

enum { REASONS_MAX = 20 }; /* each may cost the loop a walk over a lane */

static void view_reasons(struct buf *b, const char *run_id, const json_t *why)
{
    jw_str(b, "run_id", run_id);
    jw_json(b, "status", json_object_get(why, "status"));
    jw_json(b, "reasons", json_object_get(why, "reasons"));
    jw_json(b, "more", json_object_get(why, "more"));
}

static bool make_why(const struct api_request *req, struct store_reader *reader, struct made *made,
                     struct err *e)
{
    const struct view_source from = {reader, req->who.tenant};
    auto_done(why_run) of = {0};
    struct buf *body = &made->body;

    if (!why_run_read(&from, api_param(req, "runId"), made->arg, &of, &made->code, e))
        return false;
    jw_open(body, NULL, '{');
    view_reasons(body, of.rows.rows[0].run_id, of.why);
    jw_time(body, "ended_at", of.rows.rows[0].completed_us);
    if (!view_root_cause(body, "root_cause", reader, &of.rows.rows[0], e))
        return false;
    jw_close(body, '}');
    return true;
}

/* The store cannot be read: what this host knows by itself. */
static void reply_here(struct api_request *req, const json_t *here)
{
    json_t *body =
        json_pack("{s:s, s:O, s:O, s:O, s:n, s:n}", "run_id", api_param(req, "runId"), "status",
                  json_object_get(here, "status"), "reasons", json_object_get(here, "reasons"),
                  "more", json_object_get(here, "more"), "ended_at", "root_cause");

    api_reply_json(req, 200, &body);
}

void run_why_op(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct why_asked *asked = why_ask_owned(req, api_param(req, "runId"), REASONS_MAX);

    if (asked->here != NULL && engine->store_away != NULL &&
        engine->store_away(engine->arg) != NULL) {
        reply_here(req, asked->here);
        why_asked_free(asked);
        return;
    }
    api_reply_made(req, &(struct make){.fn = make_why, .arg = asked, .free = why_asked_free});
}
