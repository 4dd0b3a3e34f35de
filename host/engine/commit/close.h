/* close.h -- a run ended by its rows alone: what cannot be built anew or committed ends by one
 * small batch with its reason, and so does a stored run that an operator cancels. For the room of
 * control. */
#ifndef ORCH_ENGINE_COMMIT_CLOSE_H
#define ORCH_ENGINE_COMMIT_CLOSE_H

#include "api/api.h"
#include "base/err.h"
#include "store/batch.h"
#include "store/rows.h"

struct close_why {
    enum store_run_status status; /* FAILED or CANCELLED */
    const char *error_class;      /* of a literal; NULL: none */
    const char *error;            /* NULL: none */
    const struct api_actor *who;  /* NULL: the host */
};

/* The event of the batch, for the streams once it is durable. */
struct close_event {
    const char *type, *status; /* of literals */
    char *payload;             /* owned */
    int64_t wall_us;
};

struct engine_env;
struct past;

/* Everything that the run's end needs: its row, its open nodes, one event behind its chain. row:
 * the run's head; past: of the same run. The caller owns both of what is returned. */
bool close_batch(const struct engine_env *env, struct past *past, const struct store_run *row,
                 const struct close_why *why, struct store_batch **ret,
                 struct close_event *ret_event, struct err *e) must_check;

#endif
