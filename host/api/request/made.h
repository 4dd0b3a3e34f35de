/* made.h -- an answer that grows with data: read and written beside the loop, sent by it.
 *
 * A handler names a function that makes the body, and is done. The function runs on a thread with a
 * reader of its own; of the request it reads what does not change any more (parameters, query, who
 * asks), and of the server nothing. Meanwhile the client may leave; the answer is thrown away then.
 */
#ifndef ORCH_API_REQUEST_MADE_H
#define ORCH_API_REQUEST_MADE_H

#include "api/request/reply.h"
#include "base/work_pool.h"
#include "store/reader.h"

struct made {
    struct buf body;  /* of a success */
    const char *code; /* of a refusal; NULL: the error's own */
    json_t *faults;   /* array of texts for whoever is told on the loop; NULL: none */
};

/* False: refused, with e and made->code. arg is what the handler gave. */
typedef bool made_fn(const struct api_request *req, void *arg, struct store_reader *reader,
                     struct made *made, struct err *e);
/* On the loop, before the answer goes out: what the making found, to be counted and logged. */
typedef void made_told_fn(struct api_request *req, const struct made *made);

struct make {
    made_fn *fn;
    made_told_fn *told; /* NULL: nobody */
    int status;         /* of a success */
    void *arg;          /* freed with the free function, which may be NULL for no arg */
    void (*free)(void *arg);
};

/* Ends the request, in a later turn. */
void api_reply_made(struct api_request *req, const struct make *make);

#endif
