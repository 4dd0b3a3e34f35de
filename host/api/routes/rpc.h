/* rpc.h -- the methods of JSON-RPC (contract/mcp.md 5.3), each in the file of what it is about, and
 * what they share. A method does what a route does, by the same calls of the engine. */
#ifndef ORCH_API_ROUTES_RPC_H
#define ORCH_API_ROUTES_RPC_H

#include "api/rpc/call.h"

#define RPC_TOOL_FIELDS "tool! prompt! priority context timeout tags"

/* ---- rpc_shared.c ---- */

/* What its params are not as they should be. */
void rpc_refuse_params(struct rpc_call *call, const struct err *e);
/* The lanes as they are when the first call of the body asks; borrowed. */
const json_t *rpc_lanes(struct rpc_call *call);

/* As drop of a read (request/made.h) whose argument the call keeps, which outlives it. */
void rpc_kept_by_call(void *arg);

/* ---- the methods ---- */

/* rpc_tasks.c */
void rpc_run_task(struct rpc_call *call);
void rpc_inject(struct rpc_call *call);
/* rpc_status.c */
void rpc_get_status(struct rpc_call *call);
/* rpc_analytics.c */
void rpc_get_analytics(struct rpc_call *call);
/* rpc_control.c */
void rpc_control_scale(struct rpc_call *call);

#endif
