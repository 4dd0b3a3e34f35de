/* server_auth.c -- the test server's tokens; see server_engine.h. */
#include "server_engine.h"

#include "base/mem.h"
#include "model/words/scopes.h"

#include <string.h>
#include <time.h>

static const struct {
    const char *token;
    const char *tenant;
    uint32_t scopes;
} tokens[] = {
    {"admin", "default", SCOPE_ADMIN},       {"reader", "default", SCOPE_READ},
    {"writer", "default", SCOPE_WRITE},      {"operator", "default", SCOPE_ORCH_OPERATE},
    {"acme", "acme", SCOPE_ADMIN},           {"nobody", "default", 0},
    {"slow-admin", "default", SCOPE_ADMIN},  {"backfiller", "default", SCOPE_ORCH_BACKFILL},
    {"quotas", "default", SCOPE_ORCH_QUOTA},
};

struct answer {
    uv_timer_t timer;
    struct server *server;
    api_verified_fn done;
    void *done_arg;
    char token[32];
};

static void decide(const char *token, api_verified_fn done, void *done_arg)
{
    struct err e;

    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        if (strcmp(tokens[i].token, token) == 0) {
            done(done_arg,
                 &(struct api_claims){.token_id = token,
                                      .subject = token,
                                      .tenant = tokens[i].tenant,
                                      .scopes = tokens[i].scopes,
                                      .expires_unix = time(NULL) + 600},
                 NULL);
            return;
        }
    }
    if (strcmp(token, "down") == 0)
        (void)err_set(&e, ERR_UNAVAILABLE, "the authority is away");
    else
        (void)err_set(&e, ERR_UNAUTHENTICATED, "the token's signature is wrong");
    done(done_arg, NULL, &e);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_timer(uv_timer_t *timer)
{
    struct answer *a = timer->data;

    decide(a->token, a->done, a->done_arg);
    a->server->answers_open--;
    uv_close((uv_handle_t *)timer, on_closed);
}

static void verify(void *arg, const char *token, size_t len, api_verified_fn done, void *done_arg)
{
    struct server *s = arg;
    struct answer *a;

    if (strncmp(token, "slow-", 5) != 0 || len >= sizeof a->token) {
        decide(token, done, done_arg);
        return;
    }
    a = mem_new(struct answer);
    a->server = s;
    s->answers_open++;
    a->done = done;
    a->done_arg = done_arg;
    memcpy(a->token, token, len);
    uv_timer_init(&s->loop, &a->timer);
    a->timer.data = a;
    uv_timer_start(&a->timer, on_timer, 50, 0);
}

struct api_auth server_auth_of(struct server *s)
{
    return (struct api_auth){.arg = s, .verify = verify};
}
