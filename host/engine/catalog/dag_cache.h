/* dag_cache.h -- definitions by (tenant, dag, version), read once and shared by their runs.
 *
 * The cache owns the dags. dag_cache_get gives a use that the caller returns with dag_use_end; an
 * entry without uses is dropped when the cache is over its size. Versions are immutable, so an
 * entry never goes stale; only "which version is the newest" is asked of the store each time.
 *
 * A definition is read, built and freed beside the loop, whatever its size: the loop has no small
 * one that it may read at once, for only who has read the text knows its size. Whoever needs one
 * that is not here waits (dag_cache_await), with nothing decided yet, and begins again when he is
 * told; all that wait for a version share one reading and are told in their order. What was being
 * read belongs to the thread until then (store/beside.h). Loop thread. */
#ifndef ORCH_ENGINE_CATALOG_DAG_CACHE_H
#define ORCH_ENGINE_CATALOG_DAG_CACHE_H

#include "base/err.h"
#include "model/dag/dag.h"

struct dag_cache;
struct dag_use;
struct engine_env;

struct dag_key {
    const char *tenant, *dag_id, *version;
};

struct dag_cache *dag_cache_new(const struct engine_env *env) must_check;
/* Accepts NULL. Every use has ended and env's beside is freed; who still waits is dropped. */
void dag_cache_free(struct dag_cache *cache);

/* The version that a new run gets; version NULL: the newest enabled one. ERR_NOT_FOUND;
 * ERR_CONFLICT: it is disabled. The caller frees *ret. */
bool dag_cache_pick(struct dag_cache *cache, const char *tenant, const char *dag_id,
                    const char *version, char **ret, struct err *e) must_check;

/* True: it was read, or was found to be unreadable; dag_cache_get may be called in this turn. */
bool dag_cache_has(const struct dag_cache *cache, const struct dag_key *key);

struct dag_wait {
    void (*ready)(void *arg); /* once, in a later turn: dag_cache_has is true within this call */
    void (*drop)(void *arg);  /* in its place, when the cache is freed */
    void *arg;
};
/* For one that dag_cache_has denied. */
void dag_cache_await(struct dag_cache *cache, const struct dag_key *key,
                     const struct dag_wait *wait);

/* Of one that dag_cache_has affirmed: for a run that is pinned to the version, whatever became of
 * it since. ERR_NOT_FOUND, ERR_CORRUPT. */
bool dag_cache_get(struct dag_cache *cache, const struct dag_key *key, struct dag_use **ret,
                   struct err *e) must_check;
const struct dag *dag_use_dag(const struct dag_use *use);
void dag_use_end(struct dag_use *use); /* accepts NULL */

/* Drops what nobody uses. */
void dag_cache_clear(struct dag_cache *cache);

#endif
