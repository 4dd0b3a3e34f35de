/* seals.h -- who waits until all that a tenant's ledger has is under a signed head, whichever host
 * makes it (an export of the ledger).
 *
 * What the ledger has and how far it is sealed are the store's to say, for other hosts write there
 * too: a waiter looks beside the loop, has a head made when that is this host's job, and looks
 * again: behind that pass, or from time to time when another host makes the heads. Loop thread
 * only. */
#ifndef ORCH_ENGINE_EVIDENCE_SEALS_H
#define ORCH_ENGINE_EVIDENCE_SEALS_H

#include "api/api.h"
#include "base/err.h"

#include <stdint.h>

struct engine_env;
struct heads;
struct jobs;
struct seals;

struct seals *seals_new(const struct engine_env *env, const struct jobs *jobs,
                        struct heads *heads) must_check;
void seals_free(struct seals *s); /* accepts NULL; beside is freed */

/* Calls done when every event that the tenant's ledger had by now is under a signed head, or with
 * what went wrong. ERR_LIMIT: too many wait. ERR_UNAVAILABLE: the host whose job it is made none
 * within a minute and a half. */
void seals_ask(struct seals *s, const char *tenant, api_done_fn done, void *done_arg);
/* Those who wait are gone: nobody is answered any more. */
void seals_forget(struct seals *s);

/* Another host has somebody who waits: the tenant gets a head, when that is this host's job. */
void seals_heard(struct seals *s, const char *tenant);

int64_t seals_next_timer(const struct seals *s); /* INT64_MAX: none */
void seals_turn(struct seals *s, int64_t now_ns);

#endif
