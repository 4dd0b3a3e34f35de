/* reply.h -- what a handler reads of its request, and how it answers it. Every api_reply_* ends the
 * request, whatever became of the client: nothing of it may be used afterwards. */
#ifndef ORCH_API_REQUEST_REPLY_H
#define ORCH_API_REQUEST_REPLY_H

#include "api/http/problem.h"
#include "api/request/engine.h"
#include "api/request/request.h"

const char *api_param(const struct api_request *req, const char *name);
const char *api_query(const struct api_request *req, const char *name); /* NULL: absent */
struct api_actor api_actor(const struct api_request *req);
/* Adds one "Name: value" line to the answer. value holds no control characters. */
void api_header(struct api_request *req, const char *name, const char *value);

/* As the table's fields, for a body whose shape decides what it may hold. False: the request was
 * answered with 422, or 400 where the route refuses. */
bool api_fields_known(struct api_request *req, const char *known) must_check;

/* Each ends the request. json_t **value is taken. */
void api_reply_json(struct api_request *req, int status, json_t **value);
/* JSON that is text already; takes body. */
void api_reply_text(struct api_request *req, int status, struct buf *body);
void api_reply_bytes(struct api_request *req, int status, const char *content_type,
                     struct buf *body);
/* code NULL: the err code's own. */
void api_reply_error(struct api_request *req, const struct err *e, const char *code);
void api_reply_findings(struct api_request *req, const struct err *e, const char *code,
                        const json_t *errors);
/* The engine's refusal. */
void api_reply_outcome_error(struct api_request *req, const struct api_outcome *out);
/* 200 with a body that is made while it goes out. Takes the body. */
void api_reply_pieces(struct api_request *req, const char *content_type,
                      const struct reply_pieces *body);
/* The answer is a stream of events from now on, as SSE or NDJSON; or the problem that it meets. */
void api_reply_streams(struct api_request *req, const char *content_type);

/* ---- for checks.c ---- */

void request_send_problem(struct api_request *req, const struct problem *problem);
void request_send(struct api_request *req, int status, const char *content_type, struct buf *body);

#endif
