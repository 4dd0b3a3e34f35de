/* request.c -- the life of a request and of what all share; see request.h and server.h. */
#include "api/request/request.h"

#include "base/mem.h"

#include <assert.h>

enum { REQUEST_MAGIC = 0x72657175 };

struct request_server *request_server_new(const struct request_options *opt)
{
    struct request_server *s = mem_new(struct request_server);

    s->opt = *opt;
    s->rate = rate_new(opt->rate_per_s, opt->rate_burst);
    s->idempotency = idempotency_new();
    LIST_INIT(&s->open);
    return s;
}

void request_server_free(struct request_server *s)
{
    if (s == NULL)
        return;
    while (!LIST_EMPTY(&s->open))
        request_free(LIST_FIRST(&s->open));
    rate_free(s->rate);
    idempotency_free(s->idempotency);
    free(s);
}

struct api_request *request_new(struct request_server *server, struct conn *conn)
{
    struct api_request *req = mem_new(struct api_request);

    req->magic = REQUEST_MAGIC;
    req->server = server;
    req->conn = conn;
    LIST_INSERT_HEAD(&server->open, req, link);
    return req;
}

static void turn_is_of(const struct api_request *req)
{
    const struct request_options *opt = &req->server->opt;

    if (opt->turn != NULL)
        opt->turn(opt->turn_arg, http_method_text(req->head.method),
                  req->match.route != NULL ? req->match.route->pattern : "none");
}

void request_turn_over(const struct request_server *s)
{
    if (s->opt.turn != NULL)
        s->opt.turn(s->opt.turn_arg, NULL, NULL);
}

struct api_request *request_of(void *arg)
{
    struct api_request *req = arg;

    assert(req->magic == REQUEST_MAGIC); /* a second answer finds it gone */
    assert(req->dispatched);
    turn_is_of(req);
    return req;
}

void request_free(struct api_request *req)
{
    assert(req->magic == REQUEST_MAGIC);
    request_turn_over(req->server);
    req->magic = 0;
    LIST_REMOVE(req, link);
    idempotency_release(req->server->idempotency, &req->claim);
    http_head_done(&req->head);
    json_decref(req->json);
    buf_done(&req->body);
    buf_done(&req->extra);
    buf_done(&req->held_body);
    if (req->kept != NULL)
        req->kept_free(req->kept);
    free(req);
}

void request_client_gone(struct api_request *req)
{
    assert(req->magic == REQUEST_MAGIC && req->conn != NULL);
    req->conn = NULL;
    if (!req->dispatched)
        request_free(req);
}
