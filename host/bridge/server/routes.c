/* routes.c -- see routes.h. */
#include "bridge/server/routes.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

struct routed_lane {
    char name[BRIDGE_LANE_BYTES_MAX];
    enum bridge_backend backend;
    UT_hash_handle hh;
};

struct route {
    route_hear_fn *hear; /* NULL: SETUP does not name it */
    void *backend;
};

struct routes {
    struct route to[BRIDGE_BACKENDS];
    struct routed_lane *lanes;
};

struct routes *routes_new(void)
{
    return mem_new(struct routes);
}

static void drop(struct routes *routes, struct routed_lane *lane)
{
    HASH_DEL(routes->lanes, lane);
    free(lane);
}

void routes_free(struct routes *routes)
{
    if (routes == NULL)
        return;
    while (routes->lanes != NULL)
        drop(routes, routes->lanes);
    free(routes);
}

void routes_open(struct routes *routes, enum bridge_backend which, route_hear_fn *hear,
                 void *backend)
{
    routes->to[which] = (struct route){hear, backend};
}

static bool pass_on(struct routes *routes, enum bridge_backend to, const struct message *m,
                    struct err *e)
{
    const struct route *route = &routes->to[to];

    return route->hear == NULL || route->hear(route->backend, m, e);
}

static struct routed_lane *find(struct routes *routes, const char *name)
{
    struct routed_lane *lane;

    HASH_FIND_STR(routes->lanes, name, lane);
    return lane;
}

static bool set_lane(struct routes *routes, const struct bridge_lane *told, struct err *e)
{
    struct routed_lane *lane = find(routes, told->name);

    if (told->backend == BRIDGE_STORE) {
        if (lane != NULL)
            drop(routes, lane);
        return true;
    }
    if (lane == NULL && HASH_COUNT(routes->lanes) >= ROUTES_LANES_MAX)
        return err_set(e, ERR_LIMIT, "more than %d lanes have a backend", ROUTES_LANES_MAX);
    if (lane == NULL) {
        lane = mem_new(struct routed_lane);
        snprintf(lane->name, sizeof lane->name, "%s", told->name);
        HASH_ADD_STR(routes->lanes, name, lane);
    }
    lane->backend = told->backend;
    return true;
}

static bool hear_lane(struct routes *routes, const struct message *m, struct err *e)
{
    struct bridge_lane told;
    struct routed_lane *lane;
    enum bridge_backend before;

    if (!bridge_lane_unpack(m, &told, e))
        return false;
    lane = find(routes, told.name);
    before = lane != NULL ? lane->backend : BRIDGE_STORE;
    return (before == told.backend || pass_on(routes, before, m, e)) &&
           set_lane(routes, &told, e) && pass_on(routes, told.backend, m, e);
}

bool routes_hear(struct routes *routes, const struct message *m, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);
    char name[BRIDGE_LANE_BYTES_MAX];
    struct routed_lane *lane;

    if (m->type == BRIDGE_LANE)
        return hear_lane(routes, m, e);
    unpack_str(&u, name, sizeof name); /* each of them begins with it */
    if (u.failed)
        return err_set(e, ERR_INVALID, "it is said of no lane");
    lane = find(routes, name);
    return lane == NULL || pass_on(routes, lane->backend, m, e);
}
