/* envelope.h -- JSON-RPC 2.0 as values and bytes: what a body asks, and how a call is answered.
 * Pure.
 *
 * Stricter than the standard where it leaves room: an id is a string, an integer or null, a method
 * does not begin with "rpc.", and a member that is not known is refused, for it is mostly one that
 * was misspelt. An id that is null is one, and answered; who says none is not. */
#ifndef ORCH_API_RPC_ENVELOPE_H
#define ORCH_API_RPC_ENVELOPE_H

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { RPC_CALLS_MAX = 100, RPC_ID_BYTES_MAX = 1024 };

/* Of the standard, and of contract/mcp.md 5.3. */
enum rpc_code {
    RPC_NONE = 0,
    RPC_PARSE = -32700,
    RPC_REQUEST = -32600,
    RPC_METHOD = -32601,
    RPC_PARAMS = -32602,
    RPC_INTERNAL = -32603,
    RPC_AGENT = -32000,
    RPC_VALIDATION = -32002,
    RPC_RATE = -32004,
    RPC_TOKEN = -32005,
    RPC_SCOPE = -32006,
};

/* One call. All of it is the body's. */
struct rpc_ask {
    const char *method;
    const json_t *params; /* an object or an array; NULL: none */
    const json_t *id;     /* NULL: it is a notification */
};

struct rpc_error {
    enum rpc_code code;
    const char *message; /* any bytes */
    const json_t *data;  /* NULL: none */
};

/* How many calls a body has: 1 to RPC_CALLS_MAX. */
bool rpc_body_read(const json_t *body, size_t *ret, struct err *e) must_check;
/* False: it is no call, which is answered, with the id where that is one. */
bool rpc_ask_read(const json_t *item, struct rpc_ask *ret, struct err *e) must_check;

/* What an error comes to; internal ones are not told. */
enum rpc_code rpc_code_of(enum err_code code);
/* Of a body that is one call with this end. */
int rpc_http_status(enum rpc_code code);

/* Each appends one answer, in an array too. id NULL: it is not known. */
void rpc_add_result(struct buf *b, const json_t *id, const char *data, int64_t took_ns,
                    int64_t at_us);
void rpc_add_error(struct buf *b, const json_t *id, const struct rpc_error *error);

#endif
