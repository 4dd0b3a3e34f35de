/* lanes.c -- the lanes of this host: what waits in each, what runs, and what operators set of them
 * (LANES.md 2, LANES_KIT.md 4). */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "base/json.h"
#include "base/mem.h"
#include "lanes/members.h"
#include "lanes/work.h"

#include <string.h>

static json_t *lanes_owned(const struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;

    return engine->lanes_owned(engine->arg);
}

void lane_list(struct api_request *req)
{
    json_t *body = json_pack("{s:o}", "items", lanes_owned(req));

    api_reply_json(req, 200, &body);
}

static void reply_lane(struct api_request *req, int status)
{
    auto_json lanes = lanes_owned(req);
    json_t *lane, *found = NULL;
    struct err e = {0};
    size_t i;

    json_array_foreach(lanes, i, lane)
    {
        if (strcmp(json_text_of(lane, "name"), api_param(req, "name")) == 0)
            found = json_incref(lane);
    }
    if (found != NULL) {
        api_reply_json(req, status, &found);
        return;
    }
    (void)err_set(&e, ERR_NOT_FOUND, "Lane not found");
    api_reply_error(req, &e, "LANE_NOT_FOUND");
}

void lane_get(struct api_request *req)
{
    reply_lane(req, 200);
}

void workers_status(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    json_t *body = engine->workers_owned(engine->arg);

    api_reply_json(req, 200, &body);
}

/* ---- changed ---- */

static void on_changed(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        api_reply_outcome_error(request_of(arg), out);
    else
        reply_lane(request_of(arg), out->created ? 201 : 200);
}

static void change(struct api_request *req, const struct lane_members *members, bool must_be_there)
{
    const struct api_engine *engine = req->server->opt.engine;
    const struct api_lane_change what = {.lane = api_param(req, "name"),
                                         .members = members,
                                         .must_be_there = must_be_there};
    struct api_actor who = api_actor(req);

    engine->lane_change(engine->arg, &who, &what, on_changed, req);
}

static void putting_free(void *arg)
{
    lane_members_done(arg);
    free(arg);
}

static bool check_work(const struct api_request *req, void *arg,
                       struct store_reader *reader unused_arg, struct err *e)
{
    const struct lane_members *members = arg;

    return members->work == NULL || lane_work_check(api_param(req, "name"), members->work, e);
}

static void checked(struct api_request *req, void *arg, const struct err *e)
{
    if (e != NULL)
        api_reply_error(req, e, e->code == ERR_INVALID ? "FIELD_INVALID" : NULL);
    else
        change(req, arg, false);
    putting_free(arg);
}

/* What its tasks do is a definition, which is read beside the loop. */
void lane_put(struct api_request *req)
{
    const char *name = api_param(req, "name");
    struct lane_members *members = mem_new(struct lane_members);
    struct err e = {0};

    if (lane_name_read(name, &e) && lane_members_read(name, req->json, members, &e)) {
        api_read(req, &(struct read){check_work, checked, putting_free, members, false});
        return;
    }
    api_reply_error(req, &e, "FIELD_INVALID");
    putting_free(members);
}

void lane_pause_op(struct api_request *req)
{
    change(req, &(struct lane_members){.has_paused = true, .paused = true}, true);
}

void lane_resume_op(struct api_request *req)
{
    change(req, &(struct lane_members){.has_paused = true, .has_draining = true}, true);
}

void lane_drain_op(struct api_request *req)
{
    change(req, &(struct lane_members){.has_draining = true, .draining = true}, true);
}

/* ---- the switch of all ---- */

static void reply_routing(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct lane_routing routing = engine->lane_routing(engine->arg);
    json_t *body =
        json_pack("{s:b, s:b}", "express", !routing.no_express, "priority", !routing.no_priority);

    api_reply_json(req, 200, &body);
}

void routing_get(struct api_request *req)
{
    reply_routing(req);
}

static void on_routed(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        api_reply_outcome_error(request_of(arg), out);
    else
        reply_routing(request_of(arg));
}

void routing_set(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);
    auto_done(lane_members) members = {0};
    struct err e = {0};

    if (lane_members_read(LANE_ALL, req->json, &members, &e))
        engine->lane_change(engine->arg, &who,
                            &(struct api_lane_change){.lane = LANE_ALL, .members = &members},
                            on_routed, req);
    else
        api_reply_error(req, &e, "FIELD_INVALID");
}

/* ---- what was said of one ---- */

static bool add_version(struct buf *b, const void *arg, void *none unused_arg,
                        struct err *e unused_arg)
{
    const struct store_lane *row = arg;
    auto_json spec = json_loads(row->members, 0, NULL);

    jw_open(b, NULL, '{');
    jw_int(b, "version", row->version);
    jw_time(b, "at", row->said_us);
    jw_str(b, "actor", row->said_by);
    jw_str(b, "tenant", row->said_in);
    jw_str(b, "reason", row->reason);
    jw_json(b, "spec", spec);
    jw_close(b, '}');
    return true;
}

bool lane_versions(const struct api_request *req, struct store_reader *reader, struct made *made,
                   struct err *e)
{
    auto_done(store_lane_list) rows = {0};
    struct store_page page;

    return query_page(req, &page, e) &&
           store_read_lane_versions(reader, api_param(req, "name"), page, &rows, e) &&
           VIEW_ITEMS(&made->body, &rows, add_version, NULL, e);
}
