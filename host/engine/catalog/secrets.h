/* secrets.h -- the api's secret calls: what a client boxed for the authority is sealed by it and
 * stored as a version; the host never sees a value. */
#ifndef ORCH_ENGINE_CATALOG_SECRETS_H
#define ORCH_ENGINE_CATALOG_SECRETS_H

#include "api/api.h"

struct engine_env;

void secrets_put(const struct engine_env *env, const struct api_actor *who,
                 const struct api_secret_put *what, api_done_fn done, void *done_arg);
void secrets_delete(const struct engine_env *env, const struct api_actor *who, const char *name,
                    api_done_fn done, void *done_arg);

#endif
