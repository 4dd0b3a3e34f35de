/* later.h -- a client's call that needs a definition which is not read yet: it waits for it with
 * nothing decided, and is then made again from its beginning. Those that wait for one definition
 * are made again in their order. Inside control only. */
#ifndef ORCH_ENGINE_CONTROL_LATER_H
#define ORCH_ENGINE_CONTROL_LATER_H

#include "engine/catalog/dag_cache.h"
#include "engine/control/control.h"

struct call;
typedef void call_fn(struct control *ctl, const struct api_actor *who, const struct call *call,
                     api_done_fn done, void *done_arg);

/* What the client asked; what a kind of call does not have is NULL. */
struct call {
    call_fn *again;
    const char *id;   /* of the DAG, or of the run */
    const char *word; /* the version, or the node */
    const char *run_token;
    const json_t *inputs;
    bool checkpoints, deterministic;
};

/* Copies the call. When the engine is freed before, nobody is answered. */
void later(struct control *ctl, const struct dag_key *what, const struct api_actor *who,
           const struct call *call, api_done_fn done, void *done_arg);

#endif
