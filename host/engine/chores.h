/* chores.h -- the work that one host at a time does for all that share the store (jobs/jobs.h), put
 * together: heads and who waits for them, statements that a dead host left, upkeep. Inside the
 * engine only; loop thread. */
#ifndef ORCH_ENGINE_CHORES_H
#define ORCH_ENGINE_CHORES_H

#include "base/err.h"
#include "engine/evidence/left_unsigned.h"

#include <stdint.h>

struct engine_mode;
struct store_news;

struct chores {
    struct left_unsigned left; /* what statements are made of and go to */
    struct jobs *jobs;
    struct upkeep *upkeep;
    struct heads *heads;
    struct seals *seals;
    bool sweeps; /* for runs that were left unsigned */
};

void chores_init(struct chores *c, const struct left_unsigned *left,
                 const struct engine_mode *mode);
void chores_done(struct chores *c); /* beside is freed, the store and the authority are idle */

/* At start: first which jobs are this host's; behind the recovery what a crash left of them. */
bool chores_take(struct chores *c, struct err *e) must_check;
bool chores_begin(struct chores *c, struct err *e) must_check;

/* A job, or the work of one, may be there. */
void chores_on_news(struct chores *c, const struct store_news *news);
int64_t chores_next_timer(const struct chores *c); /* INT64_MAX: none */
void chores_turn(struct chores *c, int64_t now_ns);

#endif
