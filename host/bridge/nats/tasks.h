/* tasks.h -- the tasks of lanes whose backend is NATS: one stream for all of them and a consumer
 * for each queue (docs/adr/0086). Tells STATE of NATS by itself. Bridge process, its loop. */
#ifndef ORCH_BRIDGE_NATS_TASKS_H
#define ORCH_BRIDGE_NATS_TASKS_H

#include "bridge/wire/tasks.h"
#include "bridge/wire/teller.h"

#include <uv.h>

struct nats_tasks;

/* What it is told is copied. NULL: it cannot be begun, and STATE says why. */
struct nats_tasks *nats_tasks_new(uv_loop_t *loop, const struct bridge_setup *setup,
                                  const struct bridge_teller *teller) must_check;
/* Its handles are closed by the loop's next turns. */
void nats_tasks_free(struct nats_tasks *tasks); /* accepts NULL */

/* LANE to DEAD. False: the host said what it may not. */
bool nats_tasks_hear(void *tasks, const struct message *m, struct err *e) must_check;

#endif
