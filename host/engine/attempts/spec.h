/* spec.h -- what the sandbox is asked for an order: its agent, as its run and its node want it and
 * as this host lets them. Inside attempts only. */
#ifndef ORCH_ENGINE_ATTEMPTS_SPEC_H
#define ORCH_ENGINE_ATTEMPTS_SPEC_H

#include "engine/attempts/order.h"

struct agent;

/* Borrows what the order, the agent and key have. */
struct attempt_spec order_spec(const struct engine_env *env, const struct attempt_order *order,
                               const struct agent *agent, const char *key);

#endif
