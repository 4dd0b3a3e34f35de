/* shown.h -- the definitions that this host has read and kept, in Redis for those who look
 * (contract/greenlang.md 12): gl:orchestrator:dag:TENANT:DAG:VERSION, as the store has it, while
 * the host keeps it and DAG_SHOWN_TTL_MS more. No host reads it: whoever can write Redis could
 * write what runs (docs/adr/0080). One that is too large for a message is left out. Loop thread. */
#ifndef ORCH_ENGINE_CATALOG_SHOWN_H
#define ORCH_ENGINE_CATALOG_SHOWN_H

#include <stdbool.h>

struct engine_env;

enum { DAG_SHOWN_TTL_MS = 3600 * 1000 };

/* The host was told of a Redis; where it was not, the two below do nothing. */
bool dag_shows(const struct engine_env *env);
/* key: TENANT, DAG and VERSION, a newline between each. */
void dag_shown(const struct engine_env *env, const char *key, const char *text);
void dag_shown_end(const struct engine_env *env, const char *key);

#endif
