/* definitions.h -- publishing, changing and disabling DAG definitions: the api's dag_* calls.
 *
 * Versions are immutable (DESIGN 4). A published version that exists with other content is a
 * conflict for StellaOps' publish; GreenLang's import and update make the next free version. A
 * signature that comes along must be good, by a key trusted for DAGs, over exactly this
 * definition. */
#ifndef ORCH_ENGINE_CATALOG_DEFINITIONS_H
#define ORCH_ENGINE_CATALOG_DEFINITIONS_H

#include "api/api.h"

struct engine_env;

void definitions_publish(const struct engine_env *env, const struct api_actor *who,
                         const struct api_publish *what, api_done_fn done, void *done_arg);
void definitions_update(const struct engine_env *env, const struct api_actor *who,
                        const char *dag_id, const json_t *patch, api_done_fn done, void *done_arg);
void definitions_delete(const struct engine_env *env, const struct api_actor *who,
                        const char *dag_id, api_done_fn done, void *done_arg);
void definitions_disable(const struct engine_env *env, const struct api_actor *who,
                         const char *dag_id, const char *version, api_done_fn done, void *done_arg);

#endif
