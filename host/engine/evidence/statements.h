/* statements.h -- the signed provenance statement of each run that has ended.
 *
 * The statement follows the run's final commit: the run is over when the store says so, and its
 * proof is signed by the authority and stored right after. What a crash or a dead authority left
 * unsigned is signed later; nothing is forgotten, because a run without a statement is found in
 * the store at the next start.
 *
 * What the authority or the store refuses for good holds up nobody: it leaves the queue and is
 * left unsigned, which health, a metric and the log say with the reason. The next start tries
 * it again. */
#ifndef ORCH_ENGINE_EVIDENCE_STATEMENTS_H
#define ORCH_ENGINE_EVIDENCE_STATEMENTS_H

#include "base/auto.h"
#include "base/err.h"

#include <stddef.h>

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
/* That of the run's end at this time is among them: one that went on once more has another. */
bool statements_has(const struct statements *s, const char *run_id, int64_t ended_us);

/* The run's statement cannot be made, signed or stored. */
void statements_leave(struct statements *s, const char *tenant, const char *run_id,
                      const struct err *why);
/* How many were left since the start; why the newest was (NULL: none). */
unsigned statements_left(const struct statements *s);
const struct err *statements_left_why(const struct statements *s);

#endif
