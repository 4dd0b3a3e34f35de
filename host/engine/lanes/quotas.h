/* quotas.h -- the quotas of tenants (LANES_KIT.md 7): kept in the store, for all hosts that share
 * it, and in effect in the lanes of this one (lanes/quota.h). Inside the engine only.
 *
 * Of a quota the newest version that was read or written here holds; one that the store has no more
 * holds no longer. Loop thread. */
#ifndef ORCH_ENGINE_LANES_QUOTAS_H
#define ORCH_ENGINE_LANES_QUOTAS_H

#include "api/api.h"

struct engine_env;
struct lanes;
struct quotas;
struct store_news;

enum { QUOTAS_MAX = 1000 }; /* of a tenant */

/* lanes: borrowed. */
struct quotas *quotas_new(const struct engine_env *env, struct lanes *lanes) must_check;
void quotas_free(struct quotas *quotas); /* accepts NULL */

/* Before anything waits. */
bool quotas_begin(struct quotas *quotas, struct err *e) must_check;
void quotas_heard(struct quotas *quotas, const struct store_news *news);

/* As api_engine.quota_change says. */
void quotas_change(struct quotas *quotas, const struct api_actor *who,
                   const struct api_quota_change *what, api_done_fn done, void *done_arg);
/* As api_engine.quotas_owned says; the caller owns it. */
json_t *quotas_owned(const struct quotas *quotas, const char *tenant) must_check;
/* Of the tenant's tasks, those that run here; lane NULL: of all lanes. */
uint32_t quotas_tasks(const struct quotas *quotas, const char *tenant, const char *lane);

#endif
