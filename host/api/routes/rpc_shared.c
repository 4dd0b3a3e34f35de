/* rpc_shared.c -- what the methods share; see rpc.h. */
#include "api/routes/rpc.h"

void rpc_refuse_params(struct rpc_call *call, const struct err *e)
{
    rpc_refuse(call, &(struct rpc_refusal){.e = e, .word = "FIELD_INVALID", .code = RPC_PARAMS});
}

void rpc_kept_by_call(void *arg)
{
    (void)arg;
}

const json_t *rpc_lanes(struct rpc_call *call)
{
    const struct api_engine *engine = call->req->server->opt.engine;

    if (*call->shared == NULL)
        *call->shared = engine->lanes_owned(engine->arg);
    return *call->shared;
}
