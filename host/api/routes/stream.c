/* stream.c -- the plain forms of /runs/stream, and one-time tickets for browsers. The
 * WebSocket form is decided in websocket.c. */
#include "api/auth/verdicts.h"
#include "api/request/reply.h"
#include "api/routes/handlers.h"
#include "base/clock.h"
#include "base/text.h"

#include <string.h>
#include <sys/random.h>

enum { TICKET_BYTES = 24, TICKET_S = 30 };

/* SSE when the client asks for it, otherwise one JSON object a line. */
void stream_open(struct api_request *req)
{
    bool sse = http_list_has(http_header(&req->head, HTTP_HEADER_ACCEPT), "text/event-stream");
    struct err e = {0};

    if (req->server->draining) {
        (void)err_set(&e, ERR_UNAVAILABLE, "the host is going down");
        api_reply_error(req, &e, "DRAINING");
        return;
    }
    if (req->head.method == HTTP_HEAD) {
        (void)err_set(&e, ERR_INVALID, "a stream has no HEAD");
        api_reply_error(req, &e, NULL);
        return;
    }
    api_reply_streams(req, sse ? "text/event-stream" : "application/x-ndjson");
}

void ticket_create(struct api_request *req)
{
    struct verdict verdict = {.claims = req->who.claims,
                              .until_ns = clock_mono_ns() + TICKET_S * 1000000000LL};
    auto_done(buf) ticket = {0};
    uint8_t raw[TICKET_BYTES];
    struct err e = {0};
    json_t *body;

    if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw) {
        (void)err_sys(&e, "random numbers");
        api_reply_error(req, &e, NULL);
        return;
    }
    text_add_base64(&ticket, raw, sizeof raw, true);
    memcpy(verdict.tenant, req->who.tenant, sizeof verdict.tenant);
    verdicts_put(req->server->opt.tickets, buf_text(&ticket), &verdict);
    body = json_pack("{s:s, s:i, s:s+}", "ticket", buf_text(&ticket), "expires_in", (int)TICKET_S,
                     "subprotocol", "orch.ticket.", buf_text(&ticket));
    api_reply_json(req, 201, &body);
}
