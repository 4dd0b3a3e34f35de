/* members.c -- see members.h. */
#include "lanes/members.h"

#include "base/json.h"
#include "base/text.h"
#include "lanes/work.h"

#include <string.h>

#define NAME_FIRST "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

bool lane_name_read(const char *name, struct err *e)
{
    size_t len = strlen(name);

    if (len > 0 && len <= LANE_NAME_BYTES_MAX && strchr(NAME_FIRST, *name) != NULL &&
        strspn(name, NAME_FIRST "_.-") == len)
        return true;
    return err_set(e, ERR_INVALID,
                   "'%.140s' is no name of a lane: letters, digits, '_', '.', '-', the first a "
                   "letter or a digit, %u at most",
                   name, LANE_NAME_BYTES_MAX);
}

/* ---- which members there are ---- */

/* The lane that every node without one has stays with the store. */
static bool read_backend(const char *lane, const json_t *object, struct lane_members *ret,
                         struct err *e)
{
    const char *backend;

    ret->has_backend = json_object_get(object, "backend") != NULL;
    if (!json_get_str(object, "backend", lane_backend_text(LANE_STORE), &backend, e))
        return false;
    for (ret->backend = LANE_STORE; ret->backend < LANE_BACKENDS; ret->backend++) {
        if (strcmp(backend, lane_backend_text(ret->backend)) == 0)
            break;
    }
    if (ret->backend == LANE_BACKENDS)
        return err_set(e, ERR_INVALID, "'backend': '%.32s' is none; store, redis and nats are",
                       backend);
    return ret->backend == LANE_STORE || strcmp(lane, LANE_DEFAULT) != 0 ||
           err_set(e, ERR_INVALID, "'backend': the lane 'default' is the store's");
}

/* They say by null that there is none. */
static bool is_limit(const char *name)
{
    return strcmp(name, "rate") == 0 || strcmp(name, "breaker") == 0 ||
           strcmp(name, "autoscale") == 0;
}

static bool check_names(const char *lane, const json_t *object, struct err *e)
{
    static const char *const known[] = {"slots",     "express_priority", "paused", "draining",
                                        "max_depth", "backend",          "preempt"};
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        if (lane_work_is(name) || is_limit(name))
            continue;
        if (!text_is_among(name, known, ARRAY_LEN(known)))
            return err_set(e, ERR_INVALID, "a lane has no member '%.64s'", name);
        if (json_is_null(value))
            return err_set(e, ERR_INVALID, "'%s' is null", name);
    }
    if (strcmp(lane, LANE_DEFAULT) == 0 && json_object_get(object, "express_priority") != NULL)
        return err_set(e, ERR_INVALID,
                       "'express_priority': the lane 'default' has no express "
                       "workers");
    return lane_work_names(object, e);
}

/* Steps of no lane are everybody's: their failures stop nobody, unless an operator wants it. */
static bool read_limits(const char *lane, const json_t *object, struct lane_members *ret,
                        struct err *e)
{
    const json_t *rate = json_object_get(object, "rate");
    const json_t *breaker = json_object_get(object, "breaker");
    const json_t *autoscale = json_object_get(object, "autoscale");
    struct lane_breaker_spec usual = LANE_BREAKER_USUAL;

    if (strcmp(lane, LANE_DEFAULT) == 0)
        usual = (struct lane_breaker_spec){0};
    ret->has_rate = rate != NULL;
    ret->has_breaker = breaker != NULL;
    ret->has_autoscale = autoscale != NULL;
    return (rate == NULL || lane_rate_read(rate, &ret->rate, &ret->tenant_rate, e)) &&
           (breaker == NULL || lane_breaker_read(breaker, &usual, &ret->breaker, e)) &&
           (autoscale == NULL || lane_autoscale_read(autoscale, &ret->autoscale, e));
}

/* The switch of all lanes. */
static bool read_routing(const json_t *object, struct lane_members *ret, struct err *e)
{
    const char *name;
    bool express, priority;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        if (strcmp(name, "express") != 0 && strcmp(name, "priority") != 0)
            return err_set(e, ERR_INVALID, "the routing has no member '%.64s'", name);
    }
    if (!json_get_bool(object, "express", true, &express, e) ||
        !json_get_bool(object, "priority", true, &priority, e))
        return false;
    ret->has_express = json_object_get(object, "express") != NULL;
    ret->has_priority = json_object_get(object, "priority") != NULL;
    ret->routing = (struct lane_routing){!express, !priority};
    return ret->has_express || ret->has_priority ||
           err_set(e, ERR_INVALID, "nothing is said: 'express' and 'priority' are what may be");
}

bool lane_members_read(const char *lane, const json_t *object, struct lane_members *ret,
                       struct err *e)
{
    int64_t slots, priority, depth;

    *ret = (struct lane_members){0};
    if (!json_is_object(object))
        return err_set(e, ERR_INVALID, "what is said of a lane must be an object");
    if (strcmp(lane, LANE_ALL) == 0)
        return read_routing(object, ret, e);
    if (!check_names(lane, object, e) ||
        !json_get_int(object, "slots", 0, 0, LANE_SLOTS_MAX, &slots, e) ||
        !json_get_int(object, "express_priority", 1, 1, LANE_EXPRESS_NEVER, &priority, e) ||
        !json_get_int(object, "max_depth", 1, 1, LANE_DEPTH_MAX, &depth, e) ||
        !json_get_bool(object, "paused", false, &ret->paused, e) ||
        !json_get_bool(object, "draining", false, &ret->draining, e) ||
        !json_get_bool(object, "preempt", true, &ret->preempt, e) ||
        !read_limits(lane, object, ret, e) || !read_backend(lane, object, ret, e))
        return false;
    ret->work = lane_work_read_owned(object);
    ret->has_slots = json_object_get(object, "slots") != NULL;
    ret->has_express_priority = json_object_get(object, "express_priority") != NULL;
    ret->has_paused = json_object_get(object, "paused") != NULL;
    ret->has_draining = json_object_get(object, "draining") != NULL;
    ret->has_preempt = json_object_get(object, "preempt") != NULL;
    ret->has_max_depth = json_object_get(object, "max_depth") != NULL;
    ret->slots = (uint32_t)slots;
    ret->express_priority = (int32_t)priority;
    ret->max_depth = (uint32_t)depth;
    return true;
}

void lane_members_done(struct lane_members *members)
{
    json_decref(take(members->work));
}

/* ---- what they come to ---- */

struct lane_members lane_members_copy(const struct lane_members *members)
{
    struct lane_members copy = *members;

    json_incref(copy.work);
    return copy;
}

static void add_work(struct lane_members *to, const struct lane_members *more)
{
    json_t *before = to->work;

    if (more->work == NULL)
        return;
    to->work = lane_work_add_owned(before, more->work);
    json_decref(before);
}

void lane_members_add(struct lane_members *to, const struct lane_members *more)
{
    if (more->has_slots)
        to->slots = more->slots;
    if (more->has_express_priority)
        to->express_priority = more->express_priority;
    if (more->has_paused)
        to->paused = more->paused;
    if (more->has_draining)
        to->draining = more->draining;
    if (more->has_max_depth)
        to->max_depth = more->max_depth;
    to->has_slots = to->has_slots || more->has_slots;
    to->has_express_priority = to->has_express_priority || more->has_express_priority;
    if (more->has_rate) {
        to->rate = more->rate;
        to->tenant_rate = more->tenant_rate;
    }
    if (more->has_breaker)
        to->breaker = more->breaker;
    if (more->has_autoscale)
        to->autoscale = more->autoscale;
    if (more->has_preempt)
        to->preempt = more->preempt;
    if (more->has_backend)
        to->backend = more->backend;
    to->has_backend = to->has_backend || more->has_backend;
    to->has_preempt = to->has_preempt || more->has_preempt;
    to->has_autoscale = to->has_autoscale || more->has_autoscale;
    to->has_rate = to->has_rate || more->has_rate;
    to->has_breaker = to->has_breaker || more->has_breaker;
    to->has_paused = to->has_paused || more->has_paused;
    to->has_draining = to->has_draining || more->has_draining;
    to->has_max_depth = to->has_max_depth || more->has_max_depth;
    if (more->has_express)
        to->routing.no_express = more->routing.no_express;
    if (more->has_priority)
        to->routing.no_priority = more->routing.no_priority;
    to->has_express = to->has_express || more->has_express;
    to->has_priority = to->has_priority || more->has_priority;
    add_work(to, more);
}

void lane_members_apply(const struct lane_members *members, struct lane_spec *spec)
{
    if (members->has_slots)
        spec->slots = members->slots;
    if (members->has_express_priority)
        spec->express_priority = members->express_priority;
    if (members->has_paused)
        spec->paused = members->paused;
    if (members->has_draining)
        spec->draining = members->draining;
    if (members->has_max_depth)
        spec->max_depth = members->max_depth;
    if (json_object_get(members->work, "dag_id") != NULL ||
        json_object_get(members->work, "agent_id") != NULL)
        spec->runs_dag = lane_work_dag(members->work) != NULL;
    if (members->has_rate) {
        spec->rate = members->rate;
        spec->tenant_rate = members->tenant_rate;
    }
    if (members->has_breaker)
        spec->breaker = members->breaker;
    if (members->has_autoscale)
        spec->autoscale = members->autoscale;
    if (members->has_preempt)
        spec->no_preempt = !members->preempt;
    if (members->has_backend)
        spec->backend = members->backend;
}

json_t *lane_members_json_owned(const struct lane_members *members)
{
    json_t *object = json_object();

    if (members->has_slots)
        json_object_set_new(object, "slots", json_integer(members->slots));
    if (members->has_express_priority)
        json_object_set_new(object, "express_priority", json_integer(members->express_priority));
    if (members->has_paused)
        json_object_set_new(object, "paused", json_boolean(members->paused));
    if (members->has_draining)
        json_object_set_new(object, "draining", json_boolean(members->draining));
    if (members->has_max_depth)
        json_object_set_new(object, "max_depth", json_integer(members->max_depth));
    if (members->has_rate)
        json_object_set_new(object, "rate", lane_rate_owned(&members->rate, &members->tenant_rate));
    if (members->has_breaker)
        json_object_set_new(object, "breaker", lane_breaker_owned(&members->breaker));
    if (members->has_autoscale)
        json_object_set_new(object, "autoscale", lane_autoscale_owned(&members->autoscale));
    if (members->has_preempt)
        json_object_set_new(object, "preempt", json_boolean(members->preempt));
    if (members->has_backend)
        json_object_set_new(object, "backend", json_string(lane_backend_text(members->backend)));
    if (members->has_express)
        json_object_set_new(object, "express", json_boolean(!members->routing.no_express));
    if (members->has_priority)
        json_object_set_new(object, "priority", json_boolean(!members->routing.no_priority));
    lane_work_put(members->work, object);
    return object;
}
