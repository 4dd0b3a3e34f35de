/* tokens.h -- whose is this bearer: the host's word, remembered for at most a minute.
 *
 * What may happen in which order. The answer comes during tokens_verify (remembered, or a host
 * that knows at once) or in a later turn of the loop (the authority was asked). Between the two the
 * connection may close and the same token may be asked for again; each call is answered exactly
 * once all the same, and nothing takes a call back. So the owner of arg keeps it until then, and
 * done finds out by itself whether anybody still waits. Loop thread. */
#ifndef ORCH_API_AUTH_TOKENS_H
#define ORCH_API_AUTH_TOKENS_H

#include "api/auth/claims.h"

struct tokens;

/* auth is borrowed. */
struct tokens *tokens_new(const struct api_auth *auth) must_check;
/* Accepts NULL. Calls that are open must never be answered after this. */
void tokens_free(struct tokens *t);
DEFINE_AUTO(tokens)

/* claims NULL: refused, or not verifiable now; e says why. Both are borrowed. */
typedef void (*tokens_done_fn)(void *arg, const struct claims *claims, const struct err *e);
/* token is only read during the call. */
void tokens_verify(struct tokens *t, const char *token, tokens_done_fn done, void *arg);
/* Every token is verified anew. */
void tokens_forget(struct tokens *t);

/* The token is revoked: what was remembered of it, and tickets that it got, open nothing any more.
 * The ids are kept until the end; the authority bounds them (authority/token/revoked.h). */
void tokens_revoke(struct tokens *t, const char *token_id);
bool tokens_revoked(const struct tokens *t, const char *token_id) must_check;

#endif
