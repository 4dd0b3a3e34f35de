/* history.h -- the latest calls of each tenant, in memory: GET /v1/history (contract/mcp.md 5.3,
 * LANES_KIT.md 11). Pure: the caller gives the time.
 *
 * Of a tenant at most HISTORY_CALLS_MAX are kept and at most HISTORY_BYTES_MAX, whichever is less;
 * the oldest goes first. Of tenants those HISTORY_TENANTS_MAX that called last, so that all of it
 * is 64 MiB at most. A host that starts remembers none, and no host knows another's. */
#ifndef ORCH_API_RPC_HISTORY_H
#define ORCH_API_RPC_HISTORY_H

#include "base/auto.h"
#include "base/buf.h"

#include <jansson.h>
#include <stdint.h>

enum {
    HISTORY_CALLS_MAX = 10000,
    HISTORY_BYTES_MAX = 1024 * 1024, /* a tenant, with what keeps them */
    HISTORY_TENANTS_MAX = 64,
    HISTORY_METHOD_BYTES_MAX = 128, /* a longer name is cut */
};

struct rpc_history;

struct rpc_history *rpc_history_new(void) must_check;
void rpc_history_free(struct rpc_history *h); /* accepts NULL */
DEFINE_AUTO(rpc_history)

/* A call that has ended. */
struct rpc_past {
    const char *method; /* NULL: it had none */
    const json_t *id;   /* NULL: it had none */
    int64_t ended_us, took_ns;
    int error_code; /* 0: it went well */
};
void rpc_history_add(struct rpc_history *h, const char *tenant, const struct rpc_past *told);

/* Appends {history[{method, id, timestamp, duration_ms, success, error_code}], total}: of those
 * that are remembered, which are `total`, the latest `limit`, newest first. */
void rpc_history_show(const struct rpc_history *h, const char *tenant, int64_t limit,
                      struct buf *ret);

#endif
