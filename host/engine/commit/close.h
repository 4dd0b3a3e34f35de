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

/* The events of the batch, for the streams once it is durable: a task's, then the run's. */
enum { CLOSE_EVENTS_MAX = 2 };
struct close_events {
    struct close_event {
        const char *type, *status; /* of literals */
        char *payload;             /* owned */
    } of[CLOSE_EVENTS_MAX];
    size_t count;
    int64_t wall_us;
};
void close_events_done(struct close_events *events);
/* One of them; first: what all have, with the number of the first. It borrows from both. */
struct api_event close_event_of(const struct close_events *events, size_t i,
                                const struct api_event *first) must_check;

struct engine_env;
struct past;

/* Everything that the run's end needs: its row, its open nodes, its events behind its chain. row:
 * the run's head; past: of the same run. The caller owns both of what is returned. */
bool close_batch(const struct engine_env *env, struct past *past, const struct store_run *row,
                 const struct close_why *why, struct store_batch **ret,
                 struct close_events *ret_events, struct err *e) must_check;

#endif
