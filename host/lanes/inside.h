/* inside.h -- what lanes are made of. Inside host/lanes only.
 *
 * A tenant sits in each half of a lane in which it waits (struct lane_seat), with one line for each
 * priority; a line's first is its oldest, so the best of the lines' firsts is the tenant's best. It
 * is in the ring of that one's class, its priority as it has aged: the ring of the highest class
 * has everybody whose turn may be next. A tenant that runs all that it may, or that its quota or
 * the lane's rate for each tenant holds back, is in no ring. */
#ifndef ORCH_LANES_INSIDE_H
#define ORCH_LANES_INSIDE_H

#include "base/timers.h"
#include "lanes/lanes.h"

#include <uthash.h>

TAILQ_HEAD(lane_items, lane_item);

struct lane_line {
    struct lane_seat *seat;
    int32_t priority;        /* of its items; LANE_PRIORITY_DEFAULT where none counts */
    struct lane_items items; /* never empty, oldest first */
    uint32_t count;
    LIST_ENTRY(lane_line) link;
};

struct lane_seat {
    struct lane *lane;
    enum lane_half half;
    struct lane_tenant *tenant;
    struct lane_share *share;
    uint32_t served; /* items in this turn */
    LIST_HEAD(, lane_line) lines;
    int32_t class;               /* of its best; the ring in which it is; 0: in none */
    struct timer rises;          /* when one of its firsts is of a higher class */
    TAILQ_ENTRY(lane_seat) turn; /* of its ring */
    LIST_ENTRY(lane_seat) of_tenant, of_half;
};
LIST_HEAD(lane_seats, lane_seat);
TAILQ_HEAD(lane_ring, lane_seat);

struct lane_tenant {
    char *name;
    uint32_t running, holding; /* items; those that hold are none of the first */
    struct lane_seats seats;
    UT_hash_handle hh; /* by name */
};

/* What a tenant has of a lane, while something of it waits or runs there, while it has a quota, and
 * until its buckets would be full anyhow; LANE_FADING_MAX of the last kind. */
struct lane_share {
    char *tenant;
    struct lane *lane;
    struct lane_seat *seats[LANE_HALVES]; /* NULL: nothing waits there */
    uint32_t waiting, running, tasks;     /* the last: tasks that run */
    bool has_quota;
    struct lane_quota quota; /* nothing is bounded where it has none */
    struct lane_bucket hourly, rate;
    struct timer wakes; /* what waits may start, by the time alone */
    struct timer fades; /* its buckets are full, and it has nothing else */
    UT_hash_handle hh;  /* by tenant */
};
enum { LANE_FADING_MAX = 10000 };

/* The numbers of a half's workers that have an item, a bit each, and what each of them has done. */
struct lane_numbers {
    uint64_t *taken;
    struct lane_deeds *deeds; /* LANE_NUMBER_BITS of each word */
    uint32_t words;
};
enum { LANE_NUMBER_BITS = 64 };

struct lane_hall {
    struct lane_ring rings[LANE_PRIORITY_MAX + 1]; /* by class */
    uint64_t busy[2];                              /* a bit for each ring that has somebody */
    struct lane_seats seats;
    uint32_t waiting, running;
    struct lane_numbers numbers;
};

struct lane {
    char *name;
    struct lane_spec spec;
    uint32_t slots; /* that it has now */
    struct lane_scaling scaling;
    struct lane_latency latency;
    int64_t set_ns;               /* first */
    bool down;                    /* its backend is away, */
    int64_t down_ns;              /* since then */
    uint32_t unread[LANE_HALVES]; /* that it has */
    bool known;                   /* it was set; others are there while something waits in them */
    struct lane_hall halls[LANE_HALVES];
    struct lane_bucket bucket;
    struct lane_breaker breaker;
    struct lane_share *shares;  /* by tenant */
    struct lane_items yielding; /* that run on regular workers, are no express ones, and go on */
    uint32_t stopping;          /* that did, and are being stopped */
    TAILQ_ENTRY(lane) turn;
    UT_hash_handle hh; /* by name */
};

struct lanes {
    uint32_t tenant_max;
    struct lane_ageing ageing;
    struct lane_routing routing;
    struct lane *lanes;       /* by name, in the order in which they came */
    TAILQ_HEAD(, lane) turns; /* of those that were set: the next to take first */
    struct lane_tenant *tenants;
    struct timers rising;         /* seats */
    struct timers waking, fading; /* shares */
    uint64_t last_number;
    uint32_t waiting, following;
};

/* ---- lanes.c ---- */

struct lane *lane_of(struct lanes *lanes, const char *name); /* which is made */
/* Unless it was set, or there is something in it. */
void lane_forget(struct lanes *lanes, struct lane *lane);
/* It is to take something, as far as operators and its backend say. */
bool lane_is_open(const struct lane *lane);
/* From when on it lets something be taken, whatever waits; INT64_MAX: not by the time alone. */
int64_t lane_lets_ns(const struct lane *lane, int64_t now_ns);
bool lane_has_worker(const struct lane *lane, enum lane_half worker);

/* ---- share.c ---- */

struct lane_share *lane_share_of(struct lanes *lanes, struct lane *lane, const char *tenant);
void lane_share_free(struct lanes *lanes, struct lane_share *share);
/* Nothing waits in that half any more. */
void lane_share_left(struct lanes *lanes, struct lane_share *share, enum lane_half half);
/* Unless there is a reason to keep it; its lane may go with it. */
void lane_share_forget(struct lanes *lanes, struct lane_share *share, int64_t now_ns);
/* From when on one more may start: by its quota, by its lane's rate for each tenant, by both;
 * INT64_MAX: not by the time alone. */
int64_t lane_share_quota_ns(const struct lane_share *share);
int64_t lane_share_rate_ns(const struct lane_share *share);
int64_t lane_share_lets_ns(const struct lane_share *share);
void lane_share_begins(struct lanes *lanes, struct lane_item *item, int64_t now_ns);
void lane_share_ends(struct lanes *lanes, struct lane_item *item, bool put_back, int64_t now_ns);
/* Whose time has come. */
void lane_shares_turn(struct lanes *lanes, int64_t now_ns);

/* ---- worker.c ---- */

uint32_t lane_number_take(struct lane_numbers *numbers); /* the lowest, from 1 */
void lane_number_return(struct lane_numbers *numbers, uint32_t number);
void lane_numbers_done(struct lane_numbers *numbers);

/* ---- seats.c ---- */

bool lane_came_before(const struct lane_item *item, const struct lane_item *other);
/* The class of an item of this priority and age. */
int32_t lane_class(const struct lane_ageing *ageing, int32_t priority, int64_t since_ns,
                   int64_t now_ns);
/* At one end of its line: whoever is put back is the next of its tenant, and its tenant is next. */
void lane_sit(struct lanes *lanes, struct lane_item *item, bool first, int64_t now_ns);
/* In front of its line, as old as the first there was; its tenant's turn stays. */
void lane_sit_before_all(struct lanes *lanes, struct lane_item *item, int64_t now_ns);
/* Behind those of its line that came before it. */
void lane_sit_by_age(struct lanes *lanes, struct lane_item *item, int64_t now_ns);
/* had_turn: it is taken; else it goes away, and its tenant keeps its turn. */
void lane_stand_up(struct lanes *lanes, struct lane_item *item, bool had_turn, int64_t now_ns);
/* All that waits in the lane, in the half that half_of says, in the order in which it came. */
typedef enum lane_half lane_half_fn(const struct lanes *lanes, const struct lane *lane,
                                    int32_t priority);
void lane_sit_anew(struct lanes *lanes, const struct lane *lane, lane_half_fn *half_of,
                   int64_t now_ns);
/* Where the seat belongs now; it keeps its turn. */
void lane_find_ring(struct lanes *lanes, struct lane_seat *seat, int64_t now_ns);
/* Everybody who has waited long enough rises. */
void lane_age(struct lanes *lanes, int64_t now_ns);
/* The class of the best that may be taken; 0: there is none. */
int32_t lane_best_class(const struct lane_hall *hall);
/* The item of the best class whose turn it is. */
struct lane_item *lane_best(const struct lanes *lanes, const struct lane_hall *hall,
                            int64_t now_ns);
/* One more or one fewer of the tenant runs. */
void lane_tenant_runs(struct lanes *lanes, struct lane_tenant *tenant, int by, int64_t now_ns);

#endif
