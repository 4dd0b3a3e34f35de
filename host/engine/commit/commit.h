/* commit.h -- one store batch of a run on its way to the disk, and the acts that are due once it is
 * there (acts.h).
 *
 * A commit is filled in one turn by the functions below and handed over with commit_submit. The
 * store's writer thread gets the batch alone; the commit itself stays on the loop thread and comes
 * back by commits_next, in the order of submission but for those that the store did not take, which
 * come back at once. In between the run may decide and submit more: it never waits for the disk.
 * Nothing is called back: whoever turns the store asks for what has come back and acts on it. */
#ifndef ORCH_ENGINE_COMMIT_COMMIT_H
#define ORCH_ENGINE_COMMIT_COMMIT_H

#include "engine/commit/acts.h"
#include "store/batch.h"

struct commit;
struct commits;

/* All commits of an engine; the env is borrowed. */
struct commits *commits_new(const struct engine_env *env) must_check;
/* Accepts NULL. The store is closed: what came back and was not asked for is dropped. */
void commits_free(struct commits *commits);
/* The next one that is durable or refused, or NULL. Its run counts it no longer as on its way; the
 * caller acts on it and frees it. */
struct commit *commits_next(struct commits *commits);
bool commits_wait(const struct commits *commits); /* commits_next has one */

struct commit *commit_new(struct commits *commits, struct active_run *ar,
                          int64_t wall_us) must_check;
void commit_free(struct commit *c); /* accepts NULL; nobody is answered */
DEFINE_AUTO(commit)
struct active_run *commit_run(struct commit *c);
struct store_batch *commit_batch(struct commit *c);
int64_t commit_wall_us(const struct commit *c);
struct acts *commit_acts(struct commit *c);

/* Appends an event to the run's chain, the batch and what is streamed. type and status live
 * forever. extra: an object with further members, taken; may be NULL. */
void commit_event(struct commit *c, const char *type, const char *status, uint32_t node,
                  uint32_t attempt, json_t *extra);
/* The same of a node, without a tree: what a "step.updated" says beside its place; what is NULL is
 * left out. */
struct step_data {
    const char *status; /* lives forever */
    const char *input_hash, *plugin, *plugin_digest;
    const char *output_hash, *chain_hash;
    const char *error, *error_class, *error_source;
};
void commit_step_event(struct commit *c, uint32_t node, uint32_t attempt,
                       const struct step_data *data);
/* The same of no node, with an own time, not before that of the run's last event; data: canonical,
 * taken. */
void commit_event_at(struct commit *c, const char *type, const char *status, uint32_t attempt,
                     int64_t wall_us, char *data);
void commit_start(struct commit *c, struct attempt_order **order); /* takes the order */
void commit_stop(struct commit *c, struct attempt_ref ref, bool kill);
/* Who is answered when the batch is durable or refused. */
void commit_set_answer(struct commit *c, const struct act_answer *answer);

/* Takes the commit; *c is NULL afterwards. It comes back by commits_next, also when the store
 * refuses it. */
void commit_submit(struct commit **c);

#endif
