/* recover.h -- runs that go on from the store: what is found at start, and what was dropped because
 * a commit of it was refused. */
#ifndef ORCH_ENGINE_CONTROL_RECOVER_H
#define ORCH_ENGINE_CONTROL_RECOVER_H

#include "base/err.h"
#include "engine/control/control.h"

/* Builds every unfinished run anew from the store and lets it go on. Returns how many, with those
 * whose definition has to be read first: they are among the leftovers (leftovers.h) until then. So
 * is a run that cannot be built; they end it. */
bool recover_all(struct control *ctl, unsigned *ret_count, struct err *e) must_check;

/* The run is in the table, among the leftovers, or something of it is on its way. */
struct store_run;
bool recover_carried(const struct control *ctl, const struct store_run *row) must_check;
/* A row that was read behind the commit that claimed it: goes on here, if it is this opening's.
 * orders: what was ordered of this opening's runs, read behind the same commit. */
struct store_order_list;
void recover_claimed(struct control *ctl, const struct store_run *row,
                     const struct store_order_list *orders);
/* One run, after so many refusals in a row; what fails is a leftover again. */
enum { RECOVER_AGAIN_MAX = 3 };
struct leftover_of;
void recover_again(struct control *ctl, const struct leftover_of *what);

#endif
