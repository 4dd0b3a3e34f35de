/* spec.h -- what the sandbox is asked for an order: its agent, as its run and its node want it and
 * as this host lets them. Inside attempts only. */
#ifndef ORCH_ENGINE_ATTEMPTS_SPEC_H
#define ORCH_ENGINE_ATTEMPTS_SPEC_H

#include "engine/attempts/order.h"

struct agent;

/* Borrows what the order, the agent and key have. */
struct attempt_spec order_spec(const struct engine_env *env, const struct attempt_order *order,
                               const struct agent *agent, const char *key);

/* What a refusal to start means for the node. Whatever is not its own is ours, a library that the
 * sandbox should have among it. */
enum outcome order_refusal_class(enum err_code code) must_check;

/* The node's fact knows what runs it; of a handler nothing, as the record is of the node's own. */
void order_remember_plugin(struct attempt_order *order, const struct agent *agent,
                           enum profile profile);
/* Borrows from the result. */
struct attempt_outcome order_outcome(const struct attempt_result *result) must_check;
/* How an attempt ends that was killed with the host, or whose agent was. */
bool order_may_end_with_host(enum outcome outcome) must_check;

#endif
