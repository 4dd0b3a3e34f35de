/* heads.h -- signed heads of the tenants' ledgers (model/ledger/head.h): made, signed, stored.
 *
 * One host at a time makes them, whose job it is (engine/jobs/jobs.h): the heads of a tenant are
 * one line, each behind the one before it. A pass reads the events behind the last heads, a page a
 * turn, puts them behind each tenant's tree, has the authority sign the new heads and stores them
 * all in one batch. What always holds: no event up to the last_seq of its tenant's newest head is
 * without one; so after a crash the next pass begins there. A pass that fails leaves nothing and is
 * made again later.
 *
 * The frontier in a stored head is taken as it is (its root must fit): whoever changes it in the
 * database file can spoil later heads, and an export verified from the first event shows it.
 * Loop thread only. */
#ifndef ORCH_ENGINE_EVIDENCE_HEADS_H
#define ORCH_ENGINE_EVIDENCE_HEADS_H

#include "base/err.h"

#include <stdint.h>

struct heads;
struct engine_env;
struct engine_mode;
struct jobs;

struct heads *heads_new(const struct engine_env *env, const struct engine_mode *mode,
                        const struct jobs *jobs) must_check;
void heads_free(struct heads *h); /* accepts NULL; the store, beside and the authority are idle */

/* At start, when the store is open and the jobs are taken: a pass begins at once if a crash left
 * events without a head. */
bool heads_begin(struct heads *h, struct err *e) must_check;
/* The same later, beside the loop: the job came to this host. */
void heads_look(struct heads *h);
/* News may have been lost: as heads_look, when the last look was half a minute ago. */
void heads_missed(struct heads *h);

/* Events of a tenant were committed, by whichever host: a head over them is due within the
 * setting's time. Nothing on a host that has not the job. */
void heads_note(struct heads *h, const char *tenant, int64_t first, int64_t last);
/* The tenant's ledger has events behind its newest head: they get one at once. */
void heads_want(struct heads *h, const char *tenant, int64_t sealed, int64_t newest);
/* A pass has ended since the last call: *ret is why it failed, NULL when its heads are stored. */
bool heads_next_over(struct heads *h, const struct err **ret);

/* When heads_turn is wanted next (INT64_MAX: not). */
int64_t heads_next_timer(const struct heads *h);
void heads_turn(struct heads *h, int64_t now_ns);

/* For health: events without a head, and why the last pass failed (NULL: it did not). */
int64_t heads_behind(const struct heads *h);
const struct err *heads_failed(const struct heads *h);

#endif
