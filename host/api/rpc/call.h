/* call.h -- the calls of one body: each is begun by its method and ended by it once, now or in a
 * later turn, after the commit of what it changes; when all have ended the request is answered.
 *
 * A few are under way at a time, as of a batch of tasks. Of one body calls are not ordered, but for
 * their answers. Who leaves is answered nothing; the calls go on to their ends. */
#ifndef ORCH_API_RPC_CALL_H
#define ORCH_API_RPC_CALL_H

#include "api/request/reply.h"
#include "api/rpc/envelope.h"

struct rpc;

/* One call while it is under way. */
struct rpc_call {
    struct rpc *rpc;
    struct api_request *req;
    struct rpc_ask ask;
    const json_t *params; /* an object, "{}" where none were given */
    struct buf data;      /* of a success: the method writes one JSON value */
    /* What the calls of a body share, the methods' own: one look at the lanes. NULL at first. */
    json_t **shared;
    void *kept; /* its method's, freed with it */
    void (*kept_free)(void *kept);
    /* ---- call.c's ---- */
    struct rpc_error error; /* code NONE: it went well; its texts are owned */
    bool ended;
    int64_t began_ns, took_ns;
};

struct rpc_method {
    const char *name;
    enum route_need need;
    const char *fields; /* of its params, as in the table of routes */
    void (*begin)(struct rpc_call *call);
};

struct rpc_methods {
    const struct rpc_method *rows;
    size_t count;
};

/* Handles the request: reads its body, and answers. */
void rpc_serve(struct api_request *req, const struct rpc_methods *methods);

/* ---- how a method ends its call ---- */

void rpc_succeed(struct rpc_call *call);
struct rpc_refusal {
    const struct err *e;
    const char *word;   /* UPPER_SNAKE, as of a problem; NULL: the error's own */
    enum rpc_code code; /* NONE: what the error comes to */
    json_t *more;       /* members of the error's data besides, taken; NULL: none */
};
void rpc_refuse(struct rpc_call *call, const struct rpc_refusal *refusal);

/* A refusal that meets the request before its calls, for the table of routes. */
refusal_fn rpc_refusal_text;

#endif
