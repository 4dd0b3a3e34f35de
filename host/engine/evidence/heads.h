/* heads.h -- signed heads of the tenants' ledgers (model/ledger/head.h): made, signed, stored.
 *
 * A pass reads the events behind the last heads, a page a turn, puts them behind each tenant's
 * tree, has the authority sign the new heads and stores them all in one batch. What always holds:
 * no event up to the greatest last_seq of the stored heads is without one; so after a crash the
 * next pass begins there and nothing is looked for. A pass that fails leaves nothing and is made
 * again later.
 *
 * The frontier in a stored head is taken as it is (its root must fit): whoever changes it in the
 * database file can spoil later heads, and an export verified from the first event shows it.
 * Loop thread only. */
#ifndef ORCH_ENGINE_EVIDENCE_HEADS_H
#define ORCH_ENGINE_EVIDENCE_HEADS_H

#include "api/api.h"
#include "base/err.h"

#include <stdint.h>

struct heads;
struct engine_env;
struct engine_mode;

struct heads *heads_new(const struct engine_env *env, const struct engine_mode *mode) must_check;
void heads_free(struct heads *h); /* accepts NULL; the store and the authority are gone or idle */

/* At start, when the store is open: a pass begins at once if a crash left events without a head. */
bool heads_begin(struct heads *h, struct err *e) must_check;

/* An event was committed: a head over it is due within the setting's time. Costs nothing. */
void heads_note(struct heads *h, int64_t seq);
/* Calls done when every event committed so far is under a signed head, or with what went wrong. */
void heads_seal(struct heads *h, api_done_fn done, void *done_arg);

/* Those who wait are gone: nobody is answered any more. */
void heads_forget_waiters(struct heads *h);

/* When heads_turn is wanted next (INT64_MAX: not). */
int64_t heads_next_timer(const struct heads *h);
void heads_turn(struct heads *h, int64_t now_ns);

/* For health: events without a head, and why the last pass failed (NULL: it did not). */
int64_t heads_behind(const struct heads *h);
const struct err *heads_failed(const struct heads *h);

#endif
