/* lanes.h -- who may run what next: named lanes with workers, in which items wait.
 *
 * Decisions alone: no clock (time is given, and must not go back), store, socket or log. The caller
 * embeds an item in what waits and tells what became of it.
 *
 * What always holds: of a lane at most `slots` run on its regular workers and at most as many on
 * its express workers; of a tenant at most tenant_max run, in all lanes together; every item that
 * was taken holds exactly one worker until it is put back or has ended. A higher priority is taken
 * first, and the worker of its half with the lowest number. In one priority the tenants take turns,
 * one item each (deficit round robin, where all items and weights are 1), and of a tenant the
 * oldest is taken first: whoever has 10^5 items delays another's first by one item a worker. Who
 * waits long rises (struct lane_ageing), so that no priority below LANE_AGED_MAX starves another.
 * An express item that finds no worker has one that runs make room (lanes_yield).
 * Of a lane no more are taken than its rate and its breaker let (rate.h, breaker.h), and of a
 * tenant no more in it than its quota and the lane's rate for each tenant (quota.h). A tenant whose
 * quota has a weight takes as many items in each of its turns. A lane
 * that follows its load has more or fewer slots than it was given (scale.h).
 *
 * Cost: what is added, taken, put back, ended or removed costs O(log tenants that wait + lanes),
 * whatever waits. lanes_place walks each line of the lane from the end that is nearer to the item,
 * so that it costs nothing to say where somebody stands who has just come; lanes_set walks what
 * waits in the lane where other items are express ones from then on, and lanes_route everything;
 * lanes_prioritize, and lanes_add of what came before others, walk those of its tenant and priority
 * that are younger. What is remembered is the lanes that were set, the quotas, one record for each
 * tenant, priority and lane in which something waits or runs, and 10,000 at most of those whose
 * buckets are not full yet. */
#ifndef ORCH_LANES_LANES_H
#define ORCH_LANES_LANES_H

#include "base/auto.h"
#include "lanes/breaker.h"
#include "lanes/quota.h"
#include "lanes/rate.h"
#include "lanes/scale.h"
#include "lanes/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    LANE_PRIORITY_MAX = 100,
    LANE_PRIORITY_DEFAULT = 5,
    LANE_AGED_MAX = 11, /* an item does not rise above it */
    LANE_EXPRESS_PRIORITY = 12,
    LANE_DEPTH_USUAL = 100000,
    LANE_YIELD_BELOW = 5, /* of the items that make room for express ones */
    LANE_YIELDS_MAX = 3,  /* so often an item does */
};

/* Where others see a lane's tasks, and add to them. */
#define LANE_BACKEND_MAP(XX)                                                                       \
    XX(STORE, "store") /* nowhere else */                                                          \
    XX(REDIS, "redis")                                                                             \
    XX(NATS, "nats")
enum lane_backend {
#define XX(name, text) LANE_##name,
    LANE_BACKEND_MAP(XX)
#undef XX
        LANE_BACKENDS,
};
const char *lane_backend_text(enum lane_backend backend);

struct lane_spec {
    uint32_t slots; /* of each half; 0: nothing is taken. Of a lane that follows: to begin with */
    bool has_express;
    int32_t express_priority;     /* items of this priority or more are express ones */
    bool paused;                  /* nothing is taken; what runs goes on */
    bool draining;                /* no task is accepted; what waits is worked off */
    uint32_t max_depth;           /* of tasks that wait, from 1: no more are accepted */
    struct lane_rate rate;        /* of what is taken, of both halves */
    struct lane_rate tenant_rate; /* the same of each tenant's */
    struct lane_breaker_spec breaker;
    struct lane_autoscale autoscale;
    bool no_preempt; /* nothing that runs makes room */
    enum lane_backend backend;
    bool runs_dag; /* its tasks hold workers while others do the work: those wait elsewhere */
};

/* The lanes of the contract, which are there from the start (contract/mcp.md 1.1). */
#define LANE_TYPED_MAP(XX)                                                                         \
    XX(REASONING, "reasoning")                                                                     \
    XX(CODEGEN, "codegen")                                                                         \
    XX(ML, "ml")
bool lane_is_typed(const char *name);

/* LANES_KIT.md 4. */
#define LANE_BREAKER_USUAL                                                                         \
    ((struct lane_breaker_spec){.failures = 10, .successes = 3, .open_ns = 60LL * 1000000000})

/* As those of the contract are, and every other that is made. */
static inline struct lane_spec lane_spec_typed(uint32_t slots)
{
    return (struct lane_spec){.slots = slots,
                              .has_express = true,
                              .express_priority = LANE_EXPRESS_PRIORITY,
                              .max_depth = LANE_DEPTH_USUAL,
                              .breaker = LANE_BREAKER_USUAL};
}

/* An item that has waited for after_ns gains one priority each step_ns. */
struct lane_ageing {
    int64_t after_ns, step_ns;
};

/* What an operator switches off in all lanes. */
struct lane_routing {
    bool no_express;  /* no item is an express one */
    bool no_priority; /* of a tenant the oldest is taken first, whatever its priority */
};

struct lane;
struct lane_line;
struct lane_share;
struct lane_tenant;

/* Of the lanes from lanes_add until it was removed or has ended; but for the caller's own. */
struct lane_item {
    void *owner;     /* the caller's */
    int64_t came_us; /* the caller's: who came before, by any clock that all items share */
    int64_t age_ns;  /* the caller's: how long it had waited when it was added */
    bool is_task;    /* the caller's: it counts among the lane's tasks */
    bool holds;      /* the caller's: its tenant's share of what runs is not for it */
    uint32_t times;  /* the caller's: so often it has made room already */
    bool yields;     /* the caller's, once it runs: it may be stopped and begun again */
    struct lane *lane;
    struct lane_tenant *tenant;
    struct lane_share *share;
    struct lane_line *line; /* in which it waits; NULL: it runs */
    uint64_t number; /* in the order of lanes_add, which decides between those that came at once */
    int64_t since_ns;
    int32_t priority;          /* its own, 1 to LANE_PRIORITY_MAX */
    enum lane_half half;       /* in which it waits */
    struct lane_worker worker; /* on which it runs, or ran last */
    bool yielding, stops;      /* it runs and could make room; it is being stopped */
    TAILQ_ENTRY(lane_item) link;
};

struct lanes;

/* tenant_max: what runs of one tenant at a time. */
struct lanes *lanes_new(uint32_t tenant_max, struct lane_ageing ageing) must_check;
void lanes_free(struct lanes *lanes); /* no item is in them; accepts NULL */

/* The lane is there, or is changed. What runs in it goes on, on more workers than it has where it
 * has fewer now; what waits in it stands in the half that is its own now, as old as it was. */
void lanes_set(struct lanes *lanes, const char *name, const struct lane_spec *spec, int64_t now_ns);
/* How it is set; false: it is not. */
bool lanes_get(const struct lanes *lanes, const char *name, struct lane_spec *ret);
/* A lane that follows its load is looked at, with so many in it that wait elsewhere (lane_wants).
 * False: nothing of it changes, as it does not follow, is paused or is at rest. */
struct lane_scaled {
    uint32_t from, to;
};
bool lanes_look(struct lanes *lanes, const char *name, uint32_t elsewhere, int64_t now_ns,
                struct lane_scaled *ret);
/* A task of it has ended, for good or bad, so long after it came. */
void lanes_took(struct lanes *lanes, const char *name, int64_t took_us, int64_t now_ns);
uint32_t lanes_count(const struct lanes *lanes);     /* of those that were set */
uint32_t lanes_following(const struct lanes *lanes); /* of those that follow their load */

/* Its backend is away, or is back: meanwhile nothing of it is taken. At first it is there. */
void lanes_down(struct lanes *lanes, const char *name, bool down, int64_t now_ns);
/* So many entries are in the half's queue there that are no task here yet. */
void lanes_unread(struct lanes *lanes, const char *name, enum lane_half half, uint32_t count);

/* What one tenant may have of one lane, set or not; NULL: it has no quota. */
void lanes_bound(struct lanes *lanes, const char *lane, const char *tenant,
                 const struct lane_quota *quota, int64_t now_ns);

/* What waits stands anew, as old as it was. */
void lanes_route(struct lanes *lanes, struct lane_routing routing, int64_t now_ns);
struct lane_routing lanes_routing(const struct lanes *lanes);

/* Behind those of its tenant and priority that came before it. A lane that was not set takes it
 * too: there it waits. A priority that is none counts as LANE_PRIORITY_DEFAULT. */
void lanes_add(struct lanes *lanes, struct lane_item *item, const char *lane, const char *tenant,
               int32_t priority, int64_t now_ns);
/* The same in front of all of its tenant, priority and lane, as old as the first of them was; of
 * those that come so the last stands first. Other tenants' turns stay. */
void lanes_add_first(struct lanes *lanes, struct lane_item *item, const char *lane,
                     const char *tenant, int32_t priority, int64_t now_ns);
/* Whose turn it is; it runs from here on. NULL: nobody's. */
struct lane_item *lanes_take(struct lanes *lanes, int64_t now_ns);
/* How what runs went, before it ended; error_class NULL: well. Of what is not told so, nothing is
 * known. */
void lanes_judge(struct lanes *lanes, struct lane_item *item, const char *error_class,
                 int64_t now_ns);
/* What its worker did with it, for the worker's own record; before it ended. */
void lanes_note(struct lane_item *item, enum lane_deed deed, int64_t now_ns);
/* When something may be taken for which there is a worker, and which its lane holds back until
 * then; INT64_MAX: nothing is held back by the time alone. */
int64_t lanes_next_ns(const struct lanes *lanes, int64_t now_ns);
/* An item that runs and makes room for an express one that waits in vain; its caller stops it, and
 * its worker is free once it has ended. That of the lowest priority, below LANE_YIELD_BELOW, the
 * youngest first, on a regular worker, and none that has done so LANE_YIELDS_MAX times: so whoever
 * is stopped gets its turn in the end. No more are stopped at a time than wait. Walks what runs in
 * lanes where somebody waits so. NULL: none. */
struct lane_item *lanes_yield(struct lanes *lanes, int64_t now_ns);
/* The same of the lane, by an operator's hand, whether anything waits or not. */
struct lane_item *lanes_yield_of(struct lanes *lanes, const char *name, int64_t now_ns);
/* What runs is being stopped for another reason: its worker will be free. */
void lanes_stops(struct lane_item *item);
/* It could not run after all: it is the next of its lane, as old as it was. */
void lanes_put_back(struct lanes *lanes, struct lane_item *item, int64_t now_ns);
void lanes_ended(struct lanes *lanes, struct lane_item *item, int64_t now_ns);  /* it ran */
void lanes_remove(struct lanes *lanes, struct lane_item *item, int64_t now_ns); /* it waits */
/* It waits with another priority from here on, as old as it was. */
void lanes_prioritize(struct lanes *lanes, struct lane_item *item, int32_t priority,
                      int64_t now_ns);

uint32_t lanes_waiting(const struct lanes *lanes);
struct lane_item *lanes_any(const struct lanes *lanes); /* one that waits; NULL: none does */

/* ---- what is told of them ---- */

#define LANE_WHY_MAP(XX)                                                                           \
    XX(NONE, "") /* it is taken as soon as somebody asks */                                        \
    XX(NO_SUCH_LANE, "no_such_lane")                                                               \
    XX(BACKEND_DOWN, "backend_down")                                                               \
    XX(PAUSED, "paused")                                                                           \
    XX(TENANT_QUOTA, "tenant_quota")                                                               \
    XX(BREAKER_OPEN, "breaker_open")                                                               \
    XX(RATE, "rate")                                                                               \
    XX(LANE_FULL, "lane_full")

enum lane_why {
#define XX(name, text) LANE_WHY_##name,
    LANE_WHY_MAP(XX)
#undef XX
        LANE_WHY_COUNT,
};
const char *lane_why_text(enum lane_why why);

struct lane_place {
    const char *lane;  /* valid while the item waits */
    uint32_t position; /* 1: the next of its lane, by priority and age */
    enum lane_why why; /* the first that holds */
    int32_t priority;  /* with what it has gained by waiting */
    int64_t until_ns;  /* why holds; INT64_MAX: not known */
};
/* Of an item that waits. */
struct lane_place lanes_place(const struct lanes *lanes, const struct lane_item *item,
                              int64_t now_ns);

struct lane_view {
    const char *name;
    struct lane_spec spec;
    uint32_t slots; /* that it has now */
    bool down;
    int64_t down_ns; /* since then */
    uint32_t waiting[LANE_HALVES], running[LANE_HALVES];
    uint32_t unread[LANE_HALVES]; /* in its backend, and no task yet */
    struct lane_breaker breaker;
    const struct lane_latency *latency; /* valid during the call; of lanes_see until the next */
};
/* The slots that it wants, with so many in it that wait elsewhere: tasks that are tried again
 * later. */
uint32_t lane_depth(const struct lane_view *view); /* waiting and unread */
uint32_t lane_wants(const struct lane_view *view, uint32_t elsewhere, int64_t now_ns);
/* False: it was not set. */
bool lanes_see(const struct lanes *lanes, const char *name, struct lane_view *ret);
/* Each that was set, in that order. */
void lanes_each(const struct lanes *lanes, void (*fn)(void *arg, const struct lane_view *view),
                void *arg);

/* What a tenant has of a lane. */
struct lane_share_view {
    uint32_t waiting, running;
    uint32_t tasks;   /* that run */
    bool held;        /* its quota lets nothing more start */
    int64_t until_ns; /* held: INT64_MAX: not known */
};
/* False: nothing. */
bool lanes_see_share(const struct lanes *lanes, const char *lane_name, const char *tenant,
                     int64_t now_ns, struct lane_share_view *ret);

/* A worker of a lane, or one more that still has something after the lane was made smaller. */
struct lane_hand {
    const char *lane;
    struct lane_worker worker;
    bool busy;
    struct lane_deeds deeds;
    int64_t since_ns; /* it crashed last, or its lane was set first */
};
typedef void lane_hand_fn(void *arg, const struct lane_hand *hand);
/* Each of all lanes that were set, by lane and number. Walks all of them. */
void lanes_each_hand(const struct lanes *lanes, lane_hand_fn *fn, void *arg);

#endif
