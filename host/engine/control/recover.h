/* recover.h -- runs that go on from the store: what is found at start, and what was dropped because
 * a commit of it was refused. */
#ifndef ORCH_ENGINE_CONTROL_RECOVER_H
#define ORCH_ENGINE_CONTROL_RECOVER_H

#include "base/err.h"
#include "engine/control/control.h"

/* Every unfinished run of this host goes on once it was read; until then it is among the leftovers
 * (leftovers.h), and so is a run that cannot be built: they end it. Returns how many. */
bool recover_all(struct control *ctl, unsigned *ret_count, struct err *e) must_check;

/* The run is in the table, among the leftovers, or something of it is on its way. */
struct store_run;
bool recover_carried(const struct control *ctl, const struct store_run *row) must_check;
/* A row that was read behind the commit that claimed it: goes on here, if it is this opening's. */
void recover_claimed(struct control *ctl, const struct store_run *row);
/* One run, after so many refusals in a row; what fails is a leftover again, and so is one that has
 * to be read first (past: NULL). */
enum { RECOVER_AGAIN_MAX = 3 };
struct leftover_of;
struct past;
void recover_again(struct control *ctl, const struct leftover_of *what, struct past *past);

#endif
