/* dag_cache.c -- see dag_cache.h. */
#include "engine/catalog/dag_cache.h"

#include "base/mem.h"
#include "model/dag/source/parse.h"

#include <assert.h>
#include <string.h>
#include <uthash.h>

enum { ENTRIES_MAX = 512 };

struct dag_use {
    char *key; /* tenant \n dag \n version: none of them holds a control character */
    struct dag *dag;
    uint32_t users;
    struct dag_cache *cache;
    UT_hash_handle hh;
};

struct dag_cache {
    struct store_reader *reader;
    struct dag_use *entries;
};

static void entry_free(struct dag_use *use)
{
    if (use == NULL)
        return;
    dag_free(use->dag);
    free(use->key);
    free(use);
}

struct dag_cache *dag_cache_new(struct store_reader *reader)
{
    struct dag_cache *cache = mem_new(struct dag_cache);

    cache->reader = reader;
    return cache;
}

void dag_cache_clear(struct dag_cache *cache)
{
    struct dag_use *use, *next;

    HASH_ITER(hh, cache->entries, use, next)
    {
        if (use->users > 0)
            continue;
        HASH_DEL(cache->entries, use);
        entry_free(use);
    }
}

void dag_cache_free(struct dag_cache *cache)
{
    if (cache == NULL)
        return;
    dag_cache_clear(cache);
    assert(cache->entries == NULL);
    free(cache);
}

static bool load(struct dag_cache *cache, const struct store_dag *row, const char *key,
                 struct dag_use **ret, struct err *e)
{
    auto_json definition = NULL;
    struct dag *dag = NULL;
    struct dag_use *use;

    if (!dag_kept_read(row->definition, &definition, e) ||
        !dag_from_json_valid(definition, &dag, e))
        return err_wrap(e, "stored definition %s@%s", row->dag_id, row->version);
    if (strcmp(dag->hash.text, row->hash) != 0) {
        dag_free(dag);
        return err_set(e, ERR_CORRUPT, "stored definition %s@%s does not hash to %s", row->dag_id,
                       row->version, row->hash);
    }
    if (HASH_COUNT(cache->entries) >= ENTRIES_MAX)
        dag_cache_clear(cache);
    use = mem_new(struct dag_use);
    use->key = mem_str(key);
    use->dag = dag;
    use->cache = cache;
    HASH_ADD_KEYPTR(hh, cache->entries, use->key, strlen(use->key), use);
    *ret = use;
    return true;
}

bool dag_cache_get(struct dag_cache *cache, const char *tenant, const char *dag_id,
                   const char *version, struct dag_use **ret, struct err *e)
{
    auto_mem char *key = mem_printf("%s\n%s\n%s", tenant, dag_id, version);
    auto_done(store_dag_list) rows = {0};
    struct dag_use *use;

    HASH_FIND_STR(cache->entries, key, use);
    if (use == NULL && (!store_read_dag(cache->reader, tenant, dag_id, version, &rows, e) ||
                        !load(cache, &rows.rows[0], key, &use, e)))
        return false;
    use->users++;
    *ret = use;
    return true;
}

bool dag_cache_start(struct dag_cache *cache, const char *tenant, const char *dag_id,
                     const char *version, struct dag_use **ret, struct err *e)
{
    auto_done(store_dag_list) rows = {0};

    if (version == NULL) {
        if (!store_read_dag_latest_head(cache->reader, tenant, dag_id, STORE_DAG_ENABLED, &rows, e))
            return false;
    } else if (!store_read_dag_head(cache->reader, tenant, dag_id, version, &rows, e)) {
        return false;
    }
    if (rows.rows[0].deleted_us != 0)
        return err_set(e, ERR_NOT_FOUND, "no DAG '%s'", dag_id);
    if (!rows.rows[0].enabled)
        return err_set(e, ERR_CONFLICT, "version %s of DAG '%s' is disabled: it starts no run",
                       version, dag_id);
    return dag_cache_get(cache, tenant, dag_id, rows.rows[0].version, ret, e);
}

const struct dag *dag_use_dag(const struct dag_use *use)
{
    return use->dag;
}

void dag_use_end(struct dag_use *use)
{
    if (use == NULL)
        return;
    assert(use->users > 0);
    use->users--;
}
