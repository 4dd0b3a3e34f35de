/* rpc_control.c -- control/scale: a lane, or the contract's three, has more or fewer workers, or
 * holds still, by the change that PUT /lanes, :pause and :resume make; or one of its tasks makes
 * room (contract/mcp.md 5.3). */
#include "api/http/jsonw.h"
#include "api/routes/rpc.h"
#include "base/json.h"
#include "base/mem.h"
#include "lanes/members.h"

#include <string.h>

#define FACTOR_MAX 10

static const char *const typed[] = {
#define XX(id, name) name,
    LANE_TYPED_MAP(XX)
#undef XX
};

struct action {
    const char *name;
    int by; /* a factor of the slots that come or go */
    struct lane_members members;
    bool preempts; /* the lane's running task of the lowest priority makes room */
};

static const struct action actions[] = {
    {"scale_up", 1, {0}, false},
    {"scale_down", -1, {0}, false},
    {"pause", 0, {.has_paused = true, .paused = true}, false},
    {"resume", 0, {.has_paused = true, .has_draining = true}, false},
    {"preempt", 0, {0}, true},
};

/* A call whose lanes are changed one after the other. */
struct controlling {
    struct rpc_call *call;
    const struct action *action;
    const char *const *lanes;
    const char *target;
    size_t count, changed;
    int64_t factor;
};

/* ---- the answer ---- */

static bool is_target(const struct controlling *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->lanes[i], name) == 0)
            return true;
    }
    return false;
}

static void answer(struct controlling *c)
{
    const struct api_engine *engine = c->call->req->server->opt.engine;
    auto_json lanes = engine->lanes_owned(engine->arg);
    struct buf *b = &c->call->data;
    const json_t *lane;
    size_t i;

    jw_open(b, NULL, '{');
    jw_str(b, "action", c->action->name);
    jw_open(b, "lanes", '[');
    json_array_foreach(lanes, i, lane)
    {
        if (!is_target(c, json_text_of(lane, "name")))
            continue;
        jw_open(b, NULL, '{');
        jw_json(b, "name", json_object_get(lane, "name"));
        jw_json(b, "slots", json_object_get(lane, "slots"));
        jw_json(b, "paused", json_object_get(lane, "paused"));
        jw_close(b, '}');
    }
    jw_close(b, ']');
    jw_close(b, '}');
    rpc_succeed(c->call);
}

/* ---- lane after lane ---- */

static void change_next(struct controlling *c);

/* Those before it stay changed: the text says which one it is. */
static void on_changed(void *arg, const struct api_outcome *out)
{
    struct controlling *c = arg;
    struct err e = {0};

    if (out->e == NULL) {
        c->changed++;
        change_next(c);
        return;
    }
    (void)err_set(&e, out->e->code, "lane '%s': %s", c->lanes[c->changed], out->e->msg);
    rpc_refuse(c->call, &(struct rpc_refusal){.e = &e, .word = out->code});
}

static void change_next(struct controlling *c)
{
    struct api_request *req = c->call->req;
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    if (c->changed == c->count)
        answer(c);
    else if (c->action->preempts)
        engine->lane_preempt(engine->arg, &who, c->lanes[c->changed], on_changed, c);
    else
        engine->lane_change(engine->arg, &who,
                            &(struct api_lane_change){.lane = c->lanes[c->changed],
                                                      .members = &c->action->members,
                                                      .slots_by =
                                                          c->action->by * (int32_t)c->factor,
                                                      .must_be_there = true},
                            on_changed, c);
}

/* ---- what is asked ---- */

static bool read_action(const json_t *params, const struct action **ret, struct err *e)
{
    const char *name;

    if (!json_get_str(params, "action", "", &name, e))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        *ret = &actions[i];
        if (strcmp(actions[i].name, name) == 0)
            return true;
    }
    return err_set(e, ERR_INVALID,
                   "'action' must be scale_up, scale_down, pause, resume or preempt");
}

static bool read_target(const json_t *params, struct controlling *c, struct err *e)
{
    if (!json_get_str(params, "target", NULL, &c->target, e))
        return false;
    c->lanes = c->target != NULL ? &c->target : typed;
    c->count = c->target != NULL ? 1 : ARRAY_LEN(typed);
    return c->target == NULL || lane_name_read(c->target, e);
}

static struct controlling *controlling_new(struct rpc_call *call)
{
    struct controlling *c = mem_new(struct controlling);

    c->call = call;
    call->kept = c;
    call->kept_free = free;
    return c;
}

void rpc_control_scale(struct rpc_call *call)
{
    struct controlling *c = controlling_new(call);
    struct err e = {0};

    if (!read_action(call->params, &c->action, &e) || !read_target(call->params, c, &e) ||
        !json_get_int(call->params, "scale_factor", 1, 1, FACTOR_MAX, &c->factor, &e))
        rpc_refuse_params(call, &e);
    else
        change_next(c);
}
