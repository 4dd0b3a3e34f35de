/* dag_cache.c -- see dag_cache.h. */
#include "engine/catalog/dag_cache.h"

#include "base/mem.h"
#include "engine/catalog/shown.h"
#include "engine/env/env.h"
#include "model/dag/source/parse.h"

#include <assert.h>
#include <string.h>
#include <sys/queue.h>
#include <uthash.h>

enum { ENTRIES_MAX = 512 };

struct waiter {
    struct dag_wait wait;
    STAILQ_ENTRY(waiter) link;
};

STAILQ_HEAD(waiter_list, waiter);

/* Is being read, then there or unreadable; unreadable ones go when all that waited were told. */
struct dag_use {
    char *key; /* tenant \n dag \n version: none of them holds a control character */
    bool reading;
    struct dag *dag;   /* NULL: is being read, or is unreadable */
    struct err failed; /* why */
    uint32_t users;    /* with one while it is being read */
    struct waiter_list waiters;
    struct dag_cache *cache;
    UT_hash_handle hh;
};

struct dag_cache {
    const struct engine_env *env;
    struct dag_use *entries;
};

static char *key_text(const struct dag_key *key)
{
    return mem_printf("%s\n%s\n%s", key->tenant, key->dag_id, key->version);
}

static struct dag_use *find(const struct dag_cache *cache, const struct dag_key *key)
{
    auto_mem char *text = key_text(key);
    struct dag_use *use;

    HASH_FIND_STR(cache->entries, text, use);
    return use;
}

/* ---- entries ---- */

struct dag_cache *dag_cache_new(const struct engine_env *env)
{
    struct dag_cache *cache = mem_new(struct dag_cache);

    cache->env = env;
    return cache;
}

/* To be freed beside the loop; here when no thread came to it. */
struct unused {
    struct dag *dag;
};

static void free_now(void *arg, struct store_reader *reader unused_arg)
{
    struct unused *u = arg;

    dag_free(take(u->dag));
}

static void unused_free(void *arg)
{
    struct unused *u = arg;

    dag_free(u->dag);
    free(u);
}

static void free_beside(struct dag_cache *cache, struct dag *dag)
{
    struct unused *u;

    if (dag == NULL)
        return;
    u = mem_new(struct unused);
    u->dag = dag;
    beside_give(cache->env->beside, &(struct beside_work){free_now, unused_free, unused_free, u});
}

/* False: nobody waits any more. */
static bool take_waiter(struct dag_use *use, struct dag_wait *ret)
{
    struct waiter *w = STAILQ_FIRST(&use->waiters);

    if (w == NULL)
        return false;
    *ret = w->wait;
    STAILQ_REMOVE_HEAD(&use->waiters, link);
    free(w);
    return true;
}

/* Without its dag. */
static void entry_free(struct dag_use *use)
{
    struct dag_wait wait;

    HASH_DEL(use->cache->entries, use);
    while (take_waiter(use, &wait))
        wait.drop(wait.arg);
    free(use->key);
    free(use);
}

void dag_cache_clear(struct dag_cache *cache)
{
    struct dag_use *use, *next;

    HASH_ITER(hh, cache->entries, use, next)
    {
        if (use->users > 0)
            continue;
        dag_shown_end(cache->env, use->key);
        free_beside(cache, use->dag);
        entry_free(use);
    }
}

void dag_cache_free(struct dag_cache *cache)
{
    struct dag_use *use, *next;

    if (cache == NULL)
        return;
    HASH_ITER(hh, cache->entries, use, next)
    {
        assert(use->users == (use->reading ? 1 : 0));
        dag_free(use->dag);
        entry_free(use);
    }
    free(cache);
}

/* ---- reading ---- */

/* The thread's, but for the entry. */
struct reading {
    struct dag_use *use;
    char *tenant, *dag_id, *version;
    bool shows;
    struct dag *dag; /* NULL: failed */
    char *text;      /* that it was read from; NULL: it is to be shown nowhere */
    struct err failed;
};

static void reading_free(void *arg)
{
    struct reading *r = arg;

    dag_free(r->dag);
    free(r->text);
    free(r->tenant);
    free(r->dag_id);
    free(r->version);
    free(r);
}

static bool build(const struct store_dag *row, struct dag **ret, struct err *e)
{
    auto_json definition = NULL;
    auto_obj(dag) dag = NULL;

    if (!dag_kept_read(row->definition, &definition, e) ||
        !dag_from_json_valid(definition, &dag, e))
        return err_wrap(e, "stored definition %s@%s", row->dag_id, row->version);
    if (strcmp(dag->hash.text, row->hash) != 0)
        return err_set(e, ERR_CORRUPT, "stored definition %s@%s does not hash to %s", row->dag_id,
                       row->version, row->hash);
    *ret = take(dag);
    return true;
}

static void read_now(void *arg, struct store_reader *reader)
{
    auto_done(store_dag_list) rows = {0};
    struct reading *r = arg;

    if (store_read_dag(reader, r->tenant, r->dag_id, r->version, &rows, &r->failed) &&
        build(&rows.rows[0], &r->dag, &r->failed)) {
        if (r->shows)
            r->text = mem_str(rows.rows[0].definition);
        r->failed = (struct err){0};
    }
}

static void was_read(void *arg)
{
    struct reading *r = arg;
    struct dag_use *use = r->use;
    struct dag_wait wait;

    use->reading = false;
    use->dag = take(r->dag);
    use->failed = r->failed;
    if (r->text != NULL)
        dag_shown(use->cache->env, use->key, r->text);
    reading_free(r);
    while (take_waiter(use, &wait))
        wait.ready(wait.arg);
    use->users--;
    if (use->dag == NULL)
        entry_free(use);
}

static struct dag_use *read_beside(struct dag_cache *cache, const struct dag_key *key)
{
    struct dag_use *use = mem_new(struct dag_use);
    struct reading *r = mem_new(struct reading);

    if (HASH_COUNT(cache->entries) >= ENTRIES_MAX)
        dag_cache_clear(cache);
    use->key = key_text(key);
    use->reading = true;
    use->users = 1;
    use->cache = cache;
    STAILQ_INIT(&use->waiters);
    HASH_ADD_KEYPTR(hh, cache->entries, use->key, strlen(use->key), use);
    *r = (struct reading){.use = use,
                          .shows = dag_shows(cache->env),
                          .tenant = mem_str(key->tenant),
                          .dag_id = mem_str(key->dag_id),
                          .version = mem_str(key->version)};
    beside_give(cache->env->beside, &(struct beside_work){read_now, was_read, reading_free, r});
    return use;
}

/* ---- who needs one ---- */

bool dag_cache_pick(struct dag_cache *cache, const char *tenant, const char *dag_id,
                    const char *version, char **ret, struct err *e)
{
    struct store_reader *reader = cache->env->reader;
    auto_done(store_dag_list) rows = {0};

    if (version == NULL) {
        if (!store_read_dag_latest_head(reader, tenant, dag_id, STORE_DAG_ENABLED, &rows, e))
            return false;
    } else if (!store_read_dag_head(reader, tenant, dag_id, version, &rows, e)) {
        return false;
    }
    if (rows.rows[0].deleted_us != 0)
        return err_set(e, ERR_NOT_FOUND, "no DAG '%s'", dag_id);
    if (!rows.rows[0].enabled)
        return err_set(e, ERR_CONFLICT, "version %s of DAG '%s' is disabled: it starts no run",
                       version, dag_id);
    *ret = mem_str(rows.rows[0].version);
    return true;
}

bool dag_cache_has(const struct dag_cache *cache, const struct dag_key *key)
{
    const struct dag_use *use = find(cache, key);

    return use != NULL && !use->reading;
}

void dag_cache_await(struct dag_cache *cache, const struct dag_key *key,
                     const struct dag_wait *wait)
{
    struct dag_use *use = find(cache, key);
    struct waiter *w = mem_new(struct waiter);

    if (use == NULL)
        use = read_beside(cache, key);
    assert(use->reading);
    w->wait = *wait;
    STAILQ_INSERT_TAIL(&use->waiters, w, link);
}

bool dag_cache_get(struct dag_cache *cache, const struct dag_key *key, struct dag_use **ret,
                   struct err *e)
{
    struct dag_use *use = find(cache, key);

    assert(use != NULL && !use->reading);
    if (use->dag == NULL) {
        *e = use->failed;
        return false;
    }
    use->users++;
    *ret = use;
    return true;
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
