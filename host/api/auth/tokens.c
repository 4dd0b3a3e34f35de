/* tokens.c -- see tokens.h. */
#include "api/auth/tokens.h"

#include "api/auth/verdicts.h"
#include "base/clock.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <uthash.h>

enum { VERIFICATION_MAGIC = 0x746f6b6e };

#define TOKEN_CACHE_NS 60000000000LL /* what the authority learned by itself counts then */

struct revoked_id {
    char token_id[UUID_TEXT_BYTES];
    UT_hash_handle hh;
};

struct tokens {
    const struct api_auth *auth;
    struct verdicts *known;
    struct revoked_id *revoked;
};

/* One question to the host. */
struct verification {
    uint32_t magic;
    struct tokens *tokens;
    tokens_done_fn done;
    void *arg;
    char *token;
};

struct tokens *tokens_new(const struct api_auth *auth)
{
    struct tokens *t = mem_new(struct tokens);

    t->auth = auth;
    t->known = verdicts_new();
    return t;
}

void tokens_free(struct tokens *t)
{
    struct revoked_id *r, *next;

    if (t == NULL)
        return;
    HASH_ITER(hh, t->revoked, r, next)
    {
        HASH_DEL(t->revoked, r);
        free(r);
    }
    verdicts_free(t->known);
    free(t);
}

void tokens_forget(struct tokens *t)
{
    verdicts_clear(t->known);
}

bool tokens_revoked(const struct tokens *t, const char *token_id)
{
    struct revoked_id *r;

    HASH_FIND_STR(t->revoked, token_id, r);
    return r != NULL;
}

void tokens_revoke(struct tokens *t, const char *token_id)
{
    struct revoked_id *r;

    if (tokens_revoked(t, token_id))
        return;
    r = mem_new(struct revoked_id);
    snprintf(r->token_id, sizeof r->token_id, "%s", token_id);
    HASH_ADD_STR(t->revoked, token_id, r);
}

static void remember(struct verification *v, struct verdict *verdict)
{
    verdict->until_ns = clock_mono_ns() + TOKEN_CACHE_NS;
    verdicts_put(v->tokens->known, v->token, verdict);
}

static void on_verified(void *arg, const struct api_claims *given, const struct err *e)
{
    struct verification *v = arg;
    struct verdict verdict = {0};
    struct err own = {0};

    assert(v->magic == VERIFICATION_MAGIC); /* a second answer finds it gone */
    v->magic = 0;
    if (given != NULL && !claims_copy(&verdict.claims, given, &own)) {
        given = NULL;
        e = &own;
    }
    if (given != NULL)
        remember(v, &verdict);
    v->done(v->arg, given != NULL ? &verdict.claims : NULL, e);
    free(v->token);
    free(v);
}

/* A token's end is a moment of the wall clock. */
static bool still_good(const struct tokens *t, const struct claims *claims)
{
    return time(NULL) < claims->expires_unix && !tokens_revoked(t, claims->token_id);
}

void tokens_verify(struct tokens *t, const char *token, tokens_done_fn done, void *arg)
{
    const struct verdict *known = verdicts_get(t->known, token, clock_mono_ns());
    struct verification *v;

    if (known != NULL && still_good(t, &known->claims)) {
        struct claims claims = known->claims;

        done(arg, &claims, NULL);
        return;
    }
    v = mem_new(struct verification);
    *v = (struct verification){VERIFICATION_MAGIC, t, done, arg, mem_str(token)};
    t->auth->verify(t->auth->arg, v->token, strlen(v->token), on_verified, v);
}
