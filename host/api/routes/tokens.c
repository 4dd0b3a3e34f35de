/* tokens.c -- a token is taken back before its time. */
#include "api/request/reply.h"
#include "api/routes/handlers.h"

static void on_revoked(void *arg, const struct api_outcome *out)
{
    struct api_request *req = request_of(arg);
    json_t *body;

    if (out->e != NULL) {
        api_reply_error(req, out->e, out->e->code == ERR_NOT_FOUND ? "TOKEN_NOT_FOUND" : NULL);
        return;
    }
    body =
        json_pack("{s:s, s:s}", "tokenId", api_param(req, "tokenId"), "message", "Token revoked");
    api_reply_json(req, 200, &body);
}

void token_revoke(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->token_revoke(engine->arg, &who, api_param(req, "tokenId"), on_revoked, req);
}
