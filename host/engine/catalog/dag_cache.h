/* dag_cache.h -- definitions by (tenant, dag, version), parsed once and shared by their runs.
 *
 * The cache owns the dags. dag_cache_get gives a use that the caller returns with dag_use_end; an
 * entry without uses is dropped when the cache is over its size. Versions are immutable, so an
 * entry never goes stale; only "which version is the newest" is asked of the store each time. */
#ifndef ORCH_ENGINE_CATALOG_DAG_CACHE_H
#define ORCH_ENGINE_CATALOG_DAG_CACHE_H

#include "base/err.h"
#include "model/dag/dag.h"
#include "store/store.h"

struct dag_cache;
struct dag_use;

struct dag_cache *dag_cache_new(struct store_reader *reader) must_check;
void dag_cache_free(struct dag_cache *cache); /* accepts NULL; every use has ended */

/* For a run that is pinned to the version, whatever became of it since. ERR_NOT_FOUND. */
bool dag_cache_get(struct dag_cache *cache, const char *tenant, const char *dag_id,
                   const char *version, struct dag_use **ret, struct err *e) must_check;
/* For a new run. version NULL: the newest enabled one. A version that is disabled is ERR_CONFLICT.
 */
bool dag_cache_start(struct dag_cache *cache, const char *tenant, const char *dag_id,
                     const char *version, struct dag_use **ret, struct err *e) must_check;
const struct dag *dag_use_dag(const struct dag_use *use);
void dag_use_end(struct dag_use *use); /* accepts NULL */

/* Drops what nobody uses. */
void dag_cache_clear(struct dag_cache *cache);

#endif
