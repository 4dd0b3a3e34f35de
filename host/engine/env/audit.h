/* audit.h -- who did what beside the runs' own events: an entry of the tenant's ledger for each
 * deed, written in the deed's own batch, so that there is neither without the other.
 *
 * An entry is an event whose chain is itself: a new id stands where a run's does and n is 1. What
 * holds the entries in their order, and none away, is the tenant's signed heads. Its data has
 * actor, reason and ticket beside what the deed was. Loop thread. */
#ifndef ORCH_ENGINE_ENV_AUDIT_H
#define ORCH_ENGINE_ENV_AUDIT_H

#include "api/api.h"
#include "base/auto.h"
#include "store/store.h"

struct engine_env;

/* type: "audit.dag_disabled"; data: an object, taken, or NULL. */
void audit_append(const struct engine_env *env, struct store_batch *batch,
                  const struct api_actor *who, const char *type, json_t *data);
/* Of a batch that has entries; takes it. done comes when it is durable. */
void audit_submit(const struct engine_env *env, struct store_batch *batch, api_done_fn done,
                  void *done_arg);
/* With the completion of a batch that has entries: the signed heads hear of them. */
void audit_committed(const struct engine_env *env, const struct store_done *result);

/* An entry for a deed that changed no row; done comes when it is durable. */
void audit_write(const struct engine_env *env, const struct api_actor *who, const char *type,
                 json_t *data, api_done_fn done, void *done_arg);
/* The same under an id that comes once (a token's): nothing for one that is there. Nobody waits. */
void audit_write_once(const struct engine_env *env, const struct api_actor *who, const char *id,
                      const char *type, json_t *data);

/* For the actor of what the host does by itself: a trace that nobody had before. */
enum { ACTOR_TRACE_BYTES = 33 }; /* 32 hex digits */
void actor_trace(const struct engine_env *env, char ret[ACTOR_TRACE_BYTES]);

/* The actor of a deed that is done in a later turn. */
struct actor {
    struct api_actor who; /* its texts are the copy's own */
};
struct actor *actor_new(const struct api_actor *who) must_check;
void actor_free(struct actor *actor); /* accepts NULL */
DEFINE_AUTO(actor)

#endif
