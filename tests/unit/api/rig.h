/* rig.h -- what the rooms of host/api stand on in a test without a socket: a real store in a folder
 * of its own, metrics, and an authority that answers at once or when the test wants it to.
 *
 * The authority knows "reader", "writer", "operator" and "nobody" of tenant "t"; "down" is told
 * that it is away; any other token is refused. */
#define READER_ID "01900000-0000-7000-8000-000000000001"

#ifndef ORCH_TESTS_API_RIG_H
#define ORCH_TESTS_API_RIG_H

#include "api/auth/claims.h"
#include "api/auth/tokens.h"
#include "api/auth/verdicts.h"
#include "api/http/http.h"
#include "observe/metrics.h"
#include "store/store.h"

struct rig {
    char folder[32];
    struct store *store;
    struct store_reader *reader;
    struct metrics *metrics;
    struct api_auth auth;
    struct tokens *tokens;
    struct verdicts *tickets;
    bool late;            /* questions wait for rig_verdict, one at a time */
    int64_t expires_in_s; /* of the claims */
    int asked;            /* questions to the authority */
    api_verified_fn waiting;
    void *waiting_arg;
    char waiting_token[512];
    int64_t events; /* so far, all of one run */
};

void rig_open(struct rig *r);
/* Removes the folder. */
void rig_close(struct rig *r);
/* Answers the question that waits. */
void rig_verdict(struct rig *r);
/* Takes and commits the batch; the seq of its first event. */
int64_t rig_commit(struct rig *r, struct store_batch *batch);
/* Commits the next event of the one run that a rig has; its seq. */
int64_t rig_event(struct rig *r, const char *tenant, const char *run_id);

/* Sets a header to a copy of text. */
void rig_header(struct http_head *head, enum http_header id, const char *text);
/* A head with path, query piece and bearer, which may be NULL; of tenant "t". */
struct http_head rig_head(enum http_method method, const char *path, const char *query,
                          const char *bearer);

#endif
