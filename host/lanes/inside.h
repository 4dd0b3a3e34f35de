/* inside.h -- what lanes are made of. Inside host/lanes only.
 *
 * A tenant sits in each half of a lane in which it waits (struct lane_seat), with one line for each
 * priority; a line's first is its oldest, so the best of the lines' firsts is the tenant's best. It
 * is in the ring of that one's class, its priority as it has aged: the ring of the highest class
 * has everybody whose turn may be next. A tenant that runs all that it may is in no ring. */
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
    LIST_ENTRY(lane_line) link;
};

struct lane_seat {
    struct lane *lane;
    enum lane_half half;
    struct lane_tenant *tenant;
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
    uint32_t running;
    struct lane_seats seats;
    UT_hash_handle hh; /* by name */
};

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
    int64_t set_ns; /* first */
    bool known;     /* it was set; others are there while something waits in them */
    struct lane_hall halls[LANE_HALVES];
    struct lane_bucket bucket;
    struct lane_breaker breaker;
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
    struct timers rising; /* seats */
    uint64_t last_number;
    uint32_t waiting, following;
};

/* ---- lanes.c ---- */

/* From when on it lets something be taken, whatever waits; INT64_MAX: not by the time alone. */
int64_t lane_lets_ns(const struct lane *lane, int64_t now_ns);
bool lane_has_worker(const struct lane *lane, enum lane_half worker);

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
/* Behind those of its line that came before it. */
void lane_sit_by_age(struct lanes *lanes, struct lane_item *item, int64_t now_ns);
/* had_turn: it is taken; else it goes away, and its tenant keeps its turn. */
void lane_stand_up(struct lanes *lanes, struct lane_item *item, bool had_turn, int64_t now_ns);
/* All that waits in the lane, in the half that half_of says, in the order in which it came. */
typedef enum lane_half lane_half_fn(const struct lanes *lanes, const struct lane *lane,
                                    int32_t priority);
void lane_sit_anew(struct lanes *lanes, const struct lane *lane, lane_half_fn *half_of,
                   int64_t now_ns);
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
