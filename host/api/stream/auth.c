/* auth.c -- how a stream client shows who it is: a bearer in the header, a one-time ticket
 * in the subprotocol list, or a first message (USERS.md 2, note B); see client.h. */
#include "api/auth/tokens.h"
#include "api/auth/verdicts.h"
#include "api/http/problem.h"
#include "api/stream/client.h"
#include "api/stream/control.h"
#include "api/stream/server.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/names.h"

#include <assert.h>
#include <string.h>

#define TICKET_PREFIX "orch.ticket."

static const struct json_limits message_limits = {STREAM_CLIENT_MESSAGE_BYTES_MAX, 4, 0};

static const struct {
    int status;
    int close_code;
} close_codes[] = {
    {400, CLOSE_BAD_REQUEST}, {401, CLOSE_UNAUTHENTICATED}, {403, CLOSE_DENIED},
    {404, CLOSE_NOT_FOUND},   {503, CLOSE_RESTART},
};

static void refuse(struct stream_client *c, const struct err *e, const char *code)
{
    struct problem problem = {.code = code, .e = e, .instance = "", .trace_id = ""};

    c->refused = *e;
    c->refused_code = problem_code(&problem);
    c->refused_status = problem_status(&problem);
    c->close_code = CLOSE_INTERNAL;
    for (size_t i = 0; i < ARRAY_LEN(close_codes); i++) {
        if (close_codes[i].status == c->refused_status)
            c->close_code = close_codes[i].close_code;
    }
    stream_client_say_error(c, c->refused_code, e->msg);
    stream_client_enter(c, CLIENT_CLOSING);
    stream_client_wake(c);
}

static void on_token(void *arg, const struct claims *claims, const struct err *e)
{
    struct stream_client *c = stream_client_of(arg);
    struct identity who;
    const char *code = NULL;
    struct err why = {0};

    assert(c->busy);
    c->busy = false;
    if (c->gone) {
        stream_client_free(c);
        return;
    }
    if (c->state == CLIENT_CLOSING)
        return; /* a message too long came meanwhile: nothing may follow the close frame */
    if (claims == NULL) {
        refuse(c, e, e->code == ERR_UNAUTHENTICATED ? "TOKEN_INVALID" : NULL);
        return;
    }
    if (!identity_decide(&c->head, claims, NEED_READ, c->server->opt.dev, &who, &code, &why) ||
        !stream_client_follow(c, &who, &code, &why))
        refuse(c, &why, code);
}

static void verify(struct stream_client *c, const char *token)
{
    stream_client_enter(c, CLIENT_VERIFIES);
    c->busy = true;
    tokens_verify(c->server->opt.tokens, token, on_token, c);
}

static void follow_ticket(struct stream_client *c, const char *ticket)
{
    struct verdict verdict;
    struct identity who = {0};
    const char *code = "TICKET_INVALID";
    struct err e = {0};

    if (!verdicts_take(c->server->opt.tickets, ticket, clock_mono_ns(), &verdict)) {
        (void)err_set(&e, ERR_UNAUTHENTICATED, "the ticket is unknown, used or too old");
        refuse(c, &e, code);
        return;
    }
    who.claims = verdict.claims;
    memcpy(who.tenant, verdict.tenant, sizeof who.tenant);
    if (!stream_client_follow(c, &who, &code, &e))
        refuse(c, &e, code);
}

/* "orch.ticket.XYZ" among the offered subprotocols, copied; false when there is none. */
static bool ticket_of(const struct http_head *head, char *out, size_t out_bytes)
{
    const char *at = strstr(http_header(head, HTTP_HEADER_WS_PROTOCOL), TICKET_PREFIX);
    size_t len;

    if (at == NULL)
        return false;
    at += strlen(TICKET_PREFIX);
    len = strcspn(at, " ,\t");
    if (len == 0 || len >= out_bytes)
        return false;
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}

void stream_client_start(struct stream_client *c)
{
    const char *bearer = bearer_token(&c->head);
    char ticket[128];

    if (ticket_of(&c->head, ticket, sizeof ticket))
        follow_ticket(c, ticket);
    else if (bearer != NULL)
        verify(c, bearer);
}

void auth_message_done(struct auth_message *m)
{
    json_decref(m->doc);
    *m = (struct auth_message){0};
}

bool auth_message_parse(const char *text, size_t len, struct auth_message *ret, struct err *e)
{
    auto_json doc = NULL;
    const char *type, *token, *tenant;

    if (!json_parse(text, len, &message_limits, &doc, NULL, e))
        return false;
    if (!json_is_object(doc))
        return err_set(e, ERR_INVALID, "the message must be a JSON object");
    if (!json_get_str(doc, "type", "", &type, e) || !json_get_str(doc, "token", "", &token, e) ||
        !json_get_str(doc, "tenant", NULL, &tenant, e))
        return false;
    if (strcmp(type, "auth") != 0 || *token == '\0')
        return err_set(e, ERR_INVALID, "expected {\"type\":\"auth\",\"token\":\"...\"}");
    if (tenant != NULL && !name_check_tenant(tenant, e))
        return false;
    *ret = (struct auth_message){.token = token, .tenant = tenant, .doc = take(doc)};
    return true;
}

void stream_client_message(struct stream_client *c, const char *text, size_t len)
{
    struct auth_message message;
    struct err e = {0};

    if (c->state != CLIENT_AWAITS_AUTH)
        return; /* a client that follows has nothing to say: what it sends is read and dropped */
    if (!auth_message_parse(text, len, &message, &e)) {
        refuse(c, &e, "MESSAGE_INVALID");
        return;
    }
    if (message.tenant != NULL && c->head.header[HTTP_HEADER_TENANT] == NULL)
        c->head.header[HTTP_HEADER_TENANT] = mem_str(message.tenant);
    verify(c, message.token);
    auth_message_done(&message);
}

/* Said by the close code alone: the message is not looked at, so there is nothing to say of it. */
void stream_client_overflow(struct stream_client *c)
{
    stream_client_enter(c, CLIENT_CLOSING);
    c->close_code = CLOSE_MESSAGE_TOO_LARGE;
    stream_client_wake(c);
}
