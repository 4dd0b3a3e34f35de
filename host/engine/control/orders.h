/* orders.h -- what clients ask of runs that other hosts have: cancel, pause, unpause.
 *
 * An order is a row: who asked is answered when it is durable, and whoever has the run, now or
 * later, carries it out (carry.h). What only the run's machine can answer is refused, with the host
 * that has it. Inside control only. */
#ifndef ORCH_ENGINE_CONTROL_ORDERS_H
#define ORCH_ENGINE_CONTROL_ORDERS_H

#include "engine/control/wish.h"

struct store_run;
struct store_run_list;

/* True: the run's row is not this opening's and has no end, so the order is given to whoever has it
 * (done is told). A cancel of a run that nobody has is carried out here. */
bool orders_give(struct control *ctl, const struct api_actor *who, const struct store_run *row,
                 enum wish wish, api_done_fn done, void *done_arg) must_check;
/* The head of a run that no machine carries here: ended, left over, or another host's. Refused
 * while it is on its way into the store, or is being built. */
bool orders_read_head(const struct control *ctl, const char *tenant, const char *run_id,
                      struct store_run_list *ret, struct err *e) must_check;
/* ERR_CONFLICT with the host that has the unfinished run, where it is not this opening. */
bool orders_here(const struct control *ctl, const struct store_run *row, struct err *e) must_check;

#endif
