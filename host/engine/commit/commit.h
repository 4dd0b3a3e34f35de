/* commit.h -- one store batch of a run on its way to the disk, and what is to be done once it is
 * there: attempts to start and stop, events to stream, an answer to give. Inside the engine only.
 *
 * Filled in one turn by the functions below, handed over with commit_submit; freed when the store
 * says what became of it. */
#ifndef ORCH_ENGINE_COMMIT_COMMIT_H
#define ORCH_ENGINE_COMMIT_COMMIT_H

#include "api/api.h"
#include "engine/attempts/attempts.h"
#include "engine/runs/active_run.h"
#include "store/batch.h"

#define NO_NODE UINT32_MAX

struct commit;

struct commit *commit_new(struct active_run *ar, int64_t wall_us) must_check;
struct active_run *commit_run(struct commit *c);
struct store_batch *commit_batch(struct commit *c);
int64_t commit_wall_us(const struct commit *c);

/* Appends an event to the run's chain, the batch and what is streamed. type and status live
 * forever. extra: an object with further members, taken; may be NULL. */
void commit_event(struct commit *c, const char *type, const char *status, uint32_t node,
                  uint32_t attempt, json_t *extra);
void commit_start(struct commit *c, struct attempt_order **order); /* takes the order */
void commit_stop(struct commit *c, struct attempt_ref ref, bool kill);
void commit_ends_run(struct commit *c);

/* Who is answered when the batch is durable or refused. skipped and remaining are taken. */
struct commit_answer {
    api_done_fn done;
    void *done_arg;
    bool created;
    json_t *skipped, *remaining;
};
void commit_set_answer(struct commit *c, const struct commit_answer *answer);

/* Drops a commit that was not submitted; nobody is answered. */
void commit_abandon(struct commit **c);
/* Takes the commit; *c is NULL afterwards. Its end is told later, also when the store refuses it.
 */
void commit_submit(struct commit **c);
/* Tells the ends of the commits that the store did not take. Once a turn. */
void commits_refused(struct engine *engine);

#endif
