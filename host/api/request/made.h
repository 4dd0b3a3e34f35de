/* made.h -- what a request asks the store: beside the loop, which goes on by the answer.
 *
 * The loop never reads the store for a request (ADR 43): a read may take the time of a network, or
 * of a long list. Who needs one gives it here and is called back in a later turn. A thread with a
 * reader of its own reads; of the request it looks at what does not change any more (parameters,
 * query, who asks), and of the server at nothing. It sees everything whose completion was delivered
 * before it was given. Meanwhile the client may leave; the answer is thrown away then.
 *
 * READS_MAX may be under way. Beyond it what would begin is refused with 503 and Retry-After; the
 * answer to a change that is done is not. */
#ifndef ORCH_API_REQUEST_MADE_H
#define ORCH_API_REQUEST_MADE_H

#include "api/request/reply.h"
#include "store/reader.h"

enum { READS_MAX = 1024 };

struct read {
    bool (*fn)(const struct api_request *req, void *arg, struct store_reader *reader,
               struct err *e); /* on a thread */
    /* On the loop, once; e: NULL when fn was true. Before api_read returns when it is refused. */
    void (*then)(struct api_request *req, void *arg, const struct err *e);
    void (*drop)(void *arg); /* in its place when the server ends */
    void *arg;
    bool owed; /* by a change that is done */
};

void api_read(struct api_request *req, const struct read *read);

/* ---- an answer that is made where it is read ---- */

struct made {
    void *arg;        /* the handler's */
    struct buf body;  /* of a success */
    const char *code; /* of a refusal; NULL: the error's own */
    json_t *faults;   /* array of texts for told; NULL: none */
    /* On the loop, before the answer goes out: what the making found, to be counted and logged.
     * NULL: nothing. */
    void (*told)(struct api_request *req, const struct made *made);
};

struct make {
    made_fn *fn; /* see router.h */
    int status;  /* of a success; 0: the route's */
    void *arg;
    void (*free)(void *arg); /* may be NULL */
    bool owed;               /* as above */
};

/* Ends the request. */
void api_reply_made(struct api_request *req, const struct make *make);

/* ---- the same, piece by piece: the next is made when the one before has gone out ---- */

struct make_pieces {
    /* On a thread; not *ret_more: there is none behind this one. False: the answer ends here. */
    bool (*fn)(void *arg, struct store_reader *reader, struct buf *ret, bool *ret_more,
               struct err *e);
    void (*cut)(void *arg, const struct err *e); /* on the loop: fn was false */
    void (*free)(void *arg);
    void *arg;
};

/* Ends the request with 200. */
void api_reply_made_pieces(struct api_request *req, const char *content_type,
                           const struct make_pieces *make);

#endif
