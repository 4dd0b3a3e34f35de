/* look.h -- what other hosts left for this one: runs that are free (takeover.h) and orders for runs
 * that are here (carry.h). It is looked for beside the loop, when the store's news say that it is
 * worth it and, where there may be other hosts at all, from time to time without.
 *
 * One look at a time, and none while what the last one found is still on its way: so nothing is
 * taken or carried out twice. Loop thread. */
#ifndef ORCH_ENGINE_CONTROL_LOOK_H
#define ORCH_ENGINE_CONTROL_LOOK_H

#include "engine/control/control.h"

#include <stdint.h>

struct look;

struct look *look_new(void) must_check;
void look_free(struct look *l); /* accepts NULL; env's beside is freed */

/* What the start found is here: before that a look would find it too. */
void look_begin(struct look *l);
/* At once, or as soon as the last one is over. */
void look_again(struct look *l);
int64_t look_next_timer(const struct control *ctl); /* INT64_MAX: none */
void look_turn(struct control *ctl, int64_t now_ns);

#endif
