/* kept.c -- see kept.h. */
#include "engine/lanes/kept.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/attempts/show.h"
#include "engine/env/env.h"
#include "engine/lanes/paged.h"
#include "lanes/work.h"
#include "store/hosts.h"

#include <string.h>
#include <uthash.h>

/* A lane of which something was kept. */
struct held {
    char *lane;
    /* What it was started with, under what was said. */
    struct lane_spec base;
    json_t *given; /* lanes/work.h */
    json_t *work;  /* that holds; NULL: nothing was said of it */
    int64_t version;
    UT_hash_handle hh;
};

struct kept_lanes {
    const struct engine_env *env;
    struct lanes *lanes;
    struct held *held;
    int64_t routing_version; /* of LANE_ALL */
    struct paged paged;
    kept_lane_fn *watcher; /* NULL: nobody */
    void *watcher_arg;
};

static bool read_rows(struct store_reader *reader, struct store_page page, struct store_list *ret,
                      struct err *e);
static void hold_rows(void *arg, const struct store_list *rows);

struct kept_lanes *kept_lanes_new(const struct engine_env *env, struct lanes *lanes)
{
    struct kept_lanes *kept = mem_new(struct kept_lanes);

    kept->env = env;
    kept->lanes = lanes;
    kept->paged = (struct paged){.env = env, .read = read_rows, .hold = hold_rows, .arg = kept};
    return kept;
}

void kept_lanes_free(struct kept_lanes *kept)
{
    struct held *held, *next;

    if (kept == NULL)
        return;
    HASH_ITER(hh, kept->held, held, next)
    {
        HASH_DEL(kept->held, held);
        json_decref(held->given);
        json_decref(held->work);
        free(held->lane);
        free(held);
    }
    paged_done(&kept->paged);
    free(kept);
}

void kept_lanes_watch(struct kept_lanes *kept, kept_lane_fn *fn, void *arg)
{
    kept->watcher = fn;
    kept->watcher_arg = arg;
}

const struct engine_env *kept_lanes_env(const struct kept_lanes *kept)
{
    return kept->env;
}

/* ---- what holds ---- */

static struct held *held_of(const struct kept_lanes *kept, const char *lane)
{
    struct held *held;

    HASH_FIND_STR(kept->held, lane, held);
    return held;
}

const json_t *kept_lanes_work(const struct kept_lanes *kept, const char *lane)
{
    const struct held *held = held_of(kept, lane);

    return held != NULL ? held->work : NULL;
}

static struct lane_spec base_of(const struct kept_lanes *kept, const char *lane)
{
    const struct held *held = held_of(kept, lane);
    struct lane_spec spec;

    if (held != NULL)
        return held->base;
    return lanes_get(kept->lanes, lane, &spec) ? spec
                                               : lane_spec_typed(kept->env->set.workers_per_type);
}

struct lane_spec kept_lanes_spec(const struct kept_lanes *kept, const char *lane,
                                 const struct lane_members *members)
{
    struct lane_spec spec = base_of(kept, lane);

    lane_members_apply(members, &spec);
    return spec;
}

bool kept_lanes_has(const struct kept_lanes *kept, const char *lane)
{
    struct lane_spec spec;

    return lanes_get(kept->lanes, lane, &spec);
}

bool kept_lanes_see(const struct kept_lanes *kept, const char *lane, struct lane_view *ret)
{
    return lanes_see(kept->lanes, lane, ret);
}

bool kept_lanes_can(const struct kept_lanes *kept, const struct lane_members *members,
                    struct err *e)
{
    return !members->has_backend || members->backend == LANE_STORE ||
           kept->env->set.backends[members->backend] ||
           err_set(e, ERR_INVALID, "'backend': this host was told of no %s (--%s-url)",
                   lane_backend_text(members->backend), lane_backend_text(members->backend));
}

bool kept_lanes_full(const struct kept_lanes *kept)
{
    return lanes_count(kept->lanes) >= LANES_MAX;
}

static struct held *hold_first(struct kept_lanes *kept, const char *lane)
{
    struct held *held = mem_new(struct held);

    held->base = base_of(kept, lane);
    held->lane = mem_str(lane);
    HASH_ADD_KEYPTR(hh, kept->held, held->lane, strlen(held->lane), held);
    return held;
}

static void set(const struct kept_lanes *kept, const struct held *held,
                const struct lane_spec *spec)
{
    lanes_set(kept->lanes, held->lane, spec, kept->env->clock.mono_ns());
    log_event(LOG_INFO, "lane.set", F_STR("lane", held->lane), F_INT("version", held->version),
              F_INT("slots", spec->slots), F_INT("paused", spec->paused));
    if (kept->watcher != NULL)
        kept->watcher(kept->watcher_arg, held->lane, spec->backend);
}

/* The switch of all lanes. */
static void hold_routing(struct kept_lanes *kept, int64_t version,
                         const struct lane_members *members)
{
    if (kept->routing_version >= version)
        return;
    kept->routing_version = version;
    lanes_route(kept->lanes, members->routing, kept->env->clock.mono_ns());
    log_event(LOG_WARN, "lanes.routed", F_INT("version", version),
              F_INT("express", !members->routing.no_express),
              F_INT("priority", !members->routing.no_priority));
}

static void hold_lane(struct kept_lanes *kept, const char *lane, int64_t version,
                      const struct lane_members *members)
{
    struct lane_spec spec = kept_lanes_spec(kept, lane, members);
    struct held *held = held_of(kept, lane);

    if (held == NULL)
        held = hold_first(kept, lane);
    if (held->version >= version)
        return;
    held->version = version;
    json_decref(held->work);
    held->work = held->given != NULL && members->work != NULL
                     ? lane_work_add_owned(held->given, members->work)
                     : json_incref(members->work != NULL ? members->work : held->given);
    set(kept, held, &spec);
}

void kept_lanes_hold(struct kept_lanes *kept, const char *lane, int64_t version,
                     const struct lane_members *members)
{
    if (strcmp(lane, LANE_ALL) == 0)
        hold_routing(kept, version, members);
    else
        hold_lane(kept, lane, version, members);
}

/* ---- what the host was started with ---- */

static bool hold_given(struct kept_lanes *kept, struct err *e)
{
    const char *name;
    json_t *object;

    json_object_foreach((json_t *)kept->env->set.lanes, name, object)
    {
        auto_done(lane_members) members = {0};
        struct held *held;

        if (!kept_lanes_has(kept, name) && kept_lanes_full(kept))
            return err_set(e, ERR_INVALID,
                           "there are more than %d lanes, which is as many as "
                           "there may be",
                           LANES_MAX);
        if (!lane_members_read(name, object, &members, e) || !kept_lanes_can(kept, &members, e))
            return false;
        held = hold_first(kept, name);
        lane_members_apply(&members, &held->base);
        held->given = json_incref(members.work);
        held->work = json_incref(members.work);
        set(kept, held, &held->base);
    }
    return true;
}

/* ---- what the store has ---- */

bool kept_members(const struct store_lane *row, struct lane_members *ret, struct err *e)
{
    auto_json object = json_loads(row->members, 0, NULL);

    return lane_members_read(row->lane, object, ret, e);
}

static bool read_rows(struct store_reader *reader, struct store_page page, struct store_list *ret,
                      struct err *e)
{
    struct store_lane_list rows = {0};
    bool read = store_read_lanes(reader, page, &rows, e);

    *ret = rows.list;
    return read;
}

static void hold_rows(void *arg, const struct store_list *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct store_lane *row = (const struct store_lane *)rows->rows + i;
        auto_done(lane_members) members = {0};
        struct err e = {0};

        if (kept_members(row, &members, &e))
            kept_lanes_hold(arg, row->lane, row->version, &members);
        else
            log_event(LOG_WARN, "lane.unread", F_STR("lane", row->lane),
                      F_INT("version", row->version), F_ERR(&e));
    }
}

bool kept_lanes_begin(struct kept_lanes *kept, struct err *e)
{
    if (!hold_given(kept, e))
        return err_wrap(e, "the lanes of the file");
    return paged_begin(&kept->paged, e);
}

void kept_lanes_heard(struct kept_lanes *kept, const struct store_news *news)
{
    if (news->kind == STORE_NEWS_MISSED ||
        (news->kind == STORE_NEWS_KNOWN && news->number == STORE_KNOWN_LANES))
        paged_look(&kept->paged);
}

/* ---- what is told of them ---- */

struct lane_routing kept_lanes_routing(const struct kept_lanes *kept)
{
    return lanes_routing(kept->lanes);
}

json_t *kept_lanes_json_owned(const struct kept_lanes *kept)
{
    json_t *items = lanes_json_owned(kept->lanes, &kept->env->clock), *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        const struct held *held = held_of(kept, name);

        json_object_set_new(item, "version", json_integer(held != NULL ? held->version : 0));
        lane_work_show(kept_lanes_work(kept, name), item);
    }
    return items;
}
