/* definitions.h -- publishing, changing and disabling DAG definitions: the api's dag_* calls.
 *
 * Versions are immutable (DESIGN 4). A published version that exists with other content is a
 * conflict for StellaOps' publish; GreenLang's import and update make the next free version. A
 * signature that comes along must be good, by a key trusted for DAGs, over exactly this
 * definition.
 *
 * What is published or changed goes one after the other, each from its reading to its commit: so
 * the answers come in the order of the calls, and each sees what the one before it stored. What
 * grows with a definition is done on a thread (publishing.h says whose it is when); the loop
 * submits what came of it.
 *
 * The JSON of what, and patch, are taken (api/request/engine.h). done is called once, in a later
 * turn, unless the engine is freed before. Loop thread. */
#ifndef ORCH_ENGINE_CATALOG_DEFINITIONS_H
#define ORCH_ENGINE_CATALOG_DEFINITIONS_H

#include "api/api.h"

struct definitions;
struct engine_env;
struct engine_mode;

struct definitions *definitions_new(const struct engine_env *env,
                                    const struct engine_mode *mode) must_check;
/* env's beside is freed, and neither the authority nor the store answers any more. Accepts NULL. */
void definitions_free(struct definitions *d);
/* One is on its way; more may wait behind it. */
bool definitions_busy(const struct definitions *d);

void definitions_publish(struct definitions *d, const struct api_actor *who,
                         const struct api_publish *what, api_done_fn done, void *done_arg);
/* What the host writes itself for a lane's tasks, under an id that no client may use; without a
 * signature. definition is taken as the JSON of what. */
void definitions_keep(struct definitions *d, const struct api_actor *who, json_t *definition,
                      api_done_fn done, void *done_arg);
void definitions_update(struct definitions *d, const struct api_actor *who, const char *dag_id,
                        json_t *patch, api_done_fn done, void *done_arg);
void definitions_delete(const struct engine_env *env, const struct api_actor *who,
                        const char *dag_id, api_done_fn done, void *done_arg);
void definitions_disable(const struct engine_env *env, const struct api_actor *who,
                         const char *dag_id, const char *version, api_done_fn done, void *done_arg);

#endif
