/* carry.h -- orders that other hosts took for runs that are here: each is carried out, and its row
 * goes in the commit that does, or when the machine will not. Loop thread. */
#ifndef ORCH_ENGINE_CONTROL_CARRY_H
#define ORCH_ENGINE_CONTROL_CARRY_H

#include "engine/control/wish.h"

struct orders;
struct store_order;
struct store_order_list;
struct store_reader;

struct orders *orders_new(void) must_check;
void orders_free(struct orders *o); /* accepts NULL; the store is closed */
/* One that was carried out, or is dropped, has not come back from the store. */
bool orders_busy(const struct orders *o);
/* The commit that carried so many out has come back. */
void orders_came_back(struct orders *o, unsigned count);

/* Of the runs of this opening, a page. Any thread. */
bool orders_read(const struct control *ctl, struct store_reader *reader,
                 struct store_order_list *ret, struct err *e) must_check;
/* {actor, reason, ticket} of who gave it. */
json_t *orders_said_owned(const struct store_order *order) must_check;
/* The commit carries it out: the row goes with it. */
void orders_end(struct control *ctl, struct commit *c, const struct store_order *order);
/* Those that were found for runs of this opening, in their order. One whose run is being built
 * waits for the next look. */
void orders_carry_out(struct control *ctl, const struct store_order_list *found);

#endif
