/* statements.h -- the signed provenance statement of each run that has ended.
 *
 * The statement follows the run's final commit: the run is over when the store says so, and its
 * proof is signed by the authority and stored right after. What a crash or a dead authority left
 * unsigned is signed later; nothing is forgotten, because a run without a statement is found in
 * the store at the next start. */
#ifndef ORCH_ENGINE_EVIDENCE_STATEMENTS_H
#define ORCH_ENGINE_EVIDENCE_STATEMENTS_H

#include "base/auto.h"

struct active_run;
struct engine_env;
struct statements;

struct statements *statements_new(const struct engine_env *env) must_check;
void statements_free(struct statements *s); /* accepts NULL */

/* The run's final commit is durable. Copies what it needs. */
void statements_add(struct statements *s, const struct active_run *ar);
/* Sends what waits, when there is an authority. Once a turn. */
void statements_turn(struct statements *s);
unsigned statements_pending(const struct statements *s);

#endif
