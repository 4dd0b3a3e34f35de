/* later.h -- a client's call that needs what is read beside the loop: it waits for it with nothing
 * decided, and is then made again from its beginning. Inside control only.
 *
 * Those that wait for one definition are made again in their order. Of those that wait for one
 * run's past the first gets it, and what it decides is decided when the next is made again: that
 * one reads anew if it still has to. While the run is read it is unsettled (runs.h), so nobody else
 * changes what is being read.
 *
 * Owns the calls that wait. When the engine is freed before, nobody is answered. Loop thread. */
#ifndef ORCH_ENGINE_CONTROL_LATER_H
#define ORCH_ENGINE_CONTROL_LATER_H

#include "engine/catalog/dag_cache.h"
#include "engine/control/control.h"
#include "engine/runs/past.h"

struct call;
typedef void call_fn(struct control *ctl, const struct api_actor *who, const struct call *call,
                     api_done_fn done, void *done_arg);

/* What the client asked; what a kind of call does not have is NULL. */
struct call {
    call_fn *again;
    const char *id;   /* of the DAG, or of the run */
    const char *word; /* the version, or the node */
    const char *run_token, *replay_of, *task_lane;
    const json_t *inputs;
    bool checkpoints, deterministic;
    const struct api_firing *firing;
    int32_t task_priority;
    bool task_first;
    const struct deadline *deadline;
    struct past *past; /* of the run: for this call to take from; NULL: not read yet */
};

struct later;

struct later *later_new(void) must_check;
void later_free(struct later *l); /* accepts NULL; the cache and env's beside are freed */

/* All copy the call. */
void later_dag(struct control *ctl, const struct dag_key *what, const struct api_actor *who,
               const struct call *call, api_done_fn done, void *done_arg);
/* True: the call's run is being read for another call, behind which it will be made again. */
bool later_behind(struct control *ctl, const struct api_actor *who, const struct call *call,
                  api_done_fn done, void *done_arg) must_check;
/* Of a run that is settled and for which later_behind was false; row: its head. */
void later_run(struct control *ctl, const struct store_run *row, enum past_kind kind,
               const struct api_actor *who, const struct call *call, api_done_fn done,
               void *done_arg);

#endif
