/* runs.h -- what the two families' run handlers share. */
#ifndef ORCH_API_ROUTES_RUNS_H
#define ORCH_API_ROUTES_RUNS_H

#include "api/request/reply.h"
#include "model/dag/deadline.h"

enum { RUN_TOKEN_BYTES = 160 };

/* The engine's refusal; missing is the text when there is no such run. */
void run_reply_refused(struct api_request *req, const struct api_outcome *out, const char *missing);
/* Fills in a run token from the Idempotency-Key; out must outlive the call of the engine. */
void run_start_token(const struct api_request *req, struct api_run_start *what,
                     char out[RUN_TOKEN_BYTES]);
/* "deadline" of the body, read into room, which must outlive the call of the engine. */
bool run_start_deadline(const struct api_request *req, struct api_run_start *what,
                        struct deadline *room, struct err *e) must_check;
/* Who asks; the body's reason stands in for the header's. */
struct api_actor run_actor(const struct api_request *req);
/* A member that must be an object; absent or null: empty, which may be NULL. */
bool run_object(const json_t *body, const char *key, json_t *empty, const json_t **ret,
                struct err *e) must_check;

#endif
