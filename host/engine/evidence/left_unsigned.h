/* left_unsigned.h -- the runs that ended without their statement being stored: a host died between
 * the two commits, or the authority was away until the end. Those of a host that is alive are its
 * own to sign. */
#ifndef ORCH_ENGINE_EVIDENCE_LEFT_UNSIGNED_H
#define ORCH_ENGINE_EVIDENCE_LEFT_UNSIGNED_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct dag_cache;
struct engine_env;
struct left_again;
struct statements;

struct left_unsigned {
    const struct engine_env *env;
    struct dag_cache *dags;
    struct statements *statements; /* gets them */
    struct left_again *again;
};

/* The runs that could not be looked at, because the store could not be asked: in a moment. */
struct left_again *left_again_new(void) must_check;
void left_again_free(struct left_again *again);                /* accepts NULL */
int64_t left_again_next_timer(const struct left_again *again); /* INT64_MAX: there is none */
void left_again_turn(const struct left_unsigned *left, int64_t now_ns);

/* At start. A run whose statement cannot be made is left (statements_leave); they are
 * read beside the loop and follow in later turns. */
bool left_unsigned_add(const struct left_unsigned *left, struct err *e) must_check;
/* The same later, beside the loop and a page at a time, for runs whose host is gone; nothing while
 * one is under way, which is the caller's to keep as long as beside lives. */
void left_unsigned_sweep(const struct left_unsigned *left, bool *under_way);
/* One run, which was ended by its rows alone. */
void left_unsigned_run(const struct left_unsigned *left, const char *tenant, const char *run_id);

#endif
