/* start.h -- what a start and a restart share. Inside control only. */
#ifndef ORCH_ENGINE_CONTROL_START_H
#define ORCH_ENGINE_CONTROL_START_H

#include "engine/commit/commit.h"
#include "engine/control/control.h"

/* What a new run is made of; the use is handed to the run. */
struct start {
    struct dag_use *use;
    struct sha256_hex inputs_hash;
    uint64_t seed;
    bool deterministic, checkpoints;
    int32_t task_priority;           /* 0: it is no task */
    const struct deadline *deadline; /* in place of the dag's; NULL: the dag's */
    const char *task_id;             /* of a task */
    const char *task_lane;           /* of one whose DAG is not its lane's own; NULL */
    bool task_first;                 /* of a task */
    struct gate *gate;               /* handed to the run; NULL: it has none */
};

struct parent {
    const char *run_id;
    const char *kind; /* PARENT_RESTART, PARENT_REPLAY */
};

/* Every node may have what it asks for, and none of its agents was taken away. pins: of a run that
 * goes on; NULL: one that begins. */
bool start_allowed(const struct engine_env *env, const char *tenant, const struct dag *dag,
                   const json_t *pins, struct err *e) must_check;
bool start_admitted(const struct control *ctl, bool task, struct err *e) must_check;
/* Answers that a start is not to be, with the word for it. */
void start_refuse(const struct control *ctl, const struct err *e, api_done_fn done, void *done_arg);
/* The same for what start_gate refused. */
void start_refuse_gate(const struct err *e, api_done_fn done, void *done_arg);
/* Object, within its limit; the hash of its canonical form. */
bool start_inputs(const json_t *inputs, struct sha256_hex *ret, struct err *e) must_check;
/* What the run is to wait at, ERR_LIMIT when as many wait as may; ret is NULL for most. A run that
 * is skipped is refused here when no place of its key is free, as ERR_CONFLICT. */
bool start_gate(const struct control *ctl, const char *tenant, const struct dag *dag,
                json_t *inputs, struct gate **ret, struct err *e) must_check;
/* Of a run that has a gate: puts it there. */
void start_wait(struct commit *c);
/* Of a run that is given its place with the commit or not at all. */
void start_take_place(struct commit *c);
/* A place of the run's key is free, as its rows have it now; true without a key. */
bool start_has_place(const struct control *ctl, const struct store_gate *key,
                     struct err *e) must_check;
/* Equal in every deterministic run of the same definition and input; otherwise drawn. */
uint64_t start_seed(const struct engine_env *env, const struct dag *dag,
                    const struct sha256_hex *inputs_hash, bool deterministic);
/* A machine under a new id, not in the table yet. */
struct active_run *start_run(struct control *ctl, const struct api_actor *who, struct start *start,
                             json_t *inputs) must_check;
void start_insert(struct commit *c, const struct api_actor *who, const char *run_token,
                  struct parent parent);
/* Into the table and, when there is room, begun in the same commit, which is submitted. Takes
 * both. */
void start_launch(struct control *ctl, struct active_run **run, struct commit **c);

#endif
