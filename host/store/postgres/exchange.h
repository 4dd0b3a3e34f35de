/* exchange.h -- what a group of batches says to the database, and what it answers. The writer's
 * thread. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_EXCHANGE_H
#define ORCH_STORE_POSTGRES_EXCHANGE_H

#include "store/ops.h"
#include "store/postgres/array.h"
#include "store/postgres/host_row.h"
#include "store/postgres/wave.h"

#include <libpq-fe.h>

struct rows {
    const void **rows;
    size_t count, cap;
};

struct exchange {
    PGconn *conn; /* in libpq's mode for many at once */
    struct wave wave;
    struct rows of[OP_COUNT]; /* what waits for the wave's end; events for the group's */
    struct arrays arrays;
    size_t statements; /* sent since the last Sync */
    bool unsure;       /* the server warned: what it committed, a standby may not have */
};
void exchange_done(struct exchange *p);

enum answer_kind {
    ANSWER_DONE,    /* committed */
    ANSWER_REFUSED, /* nothing of it happened: a batch's own fault */
    ANSWER_LATER,   /* nothing of it happened, and it may go well later */
    ANSWER_FENCED,  /* nothing of it happened, nor will any other */
    ANSWER_BROKEN,  /* the same, for another reason */
    ANSWER_NONE,    /* it may have happened */
};

/* Prepares every statement: once a connection. */
bool exchange_prepare(struct exchange *p, struct err *e) must_check;
/* Commits the batches under the token, in the order of the calls, and notes the seqs of their
 * events. */
enum answer_kind exchange_commit(struct exchange *p, const struct host_row *host, int64_t token,
                                 struct store_batch *const batches[], size_t count,
                                 struct err *e) must_check;
/* The token of the last group that was committed, behind whatever of the host's is under way. */
enum answer_kind exchange_token(struct exchange *p, const struct host_row *host, int64_t *ret,
                                struct err *e) must_check;
/* The seqs of the batches' events, of a group that was committed and whose answer was lost. */
enum answer_kind exchange_find_events(struct exchange *p, struct store_batch *const batches[],
                                      size_t count, struct err *e) must_check;

#endif
