/* lanes.c -- the lanes of this host: what waits in each, and what runs (LANES.md 2). */
#include "api/request/reply.h"
#include "api/routes/handlers.h"

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

void lane_get(struct api_request *req)
{
    auto_json lanes = lanes_owned(req);
    json_t *lane, *found = NULL;
    struct err e = {0};
    size_t i;

    json_array_foreach(lanes, i, lane)
    {
        if (strcmp(json_string_value(json_object_get(lane, "name")), api_param(req, "name")) == 0)
            found = json_incref(lane);
    }
    if (found != NULL) {
        api_reply_json(req, 200, &found);
        return;
    }
    (void)err_set(&e, ERR_NOT_FOUND, "Lane not found");
    api_reply_error(req, &e, "LANE_NOT_FOUND");
}
