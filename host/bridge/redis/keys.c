/* keys.c -- see keys.h. */
#include "bridge/redis/keys.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/timers.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

#define MS_NS 1000000LL
enum { RENEWALS_A_TTL = 3 };

struct kept_key {
    struct timer due; /* it is to be set; TIMER_NEVER while Redis is gone */
    char *name, *value;
    size_t bytes;
    uint32_t ttl_ms;
    UT_hash_handle hh;
};

struct redis_keys {
    struct redis *redis; /* NULL: gone */
    struct kept_key *all;
    struct timers due;
    uv_timer_t timer;
};

/* What became of it shows at its next renewal: the keys are for those who look, not for us. */
static void on_set(void *arg unused_arg, const redisReply *reply unused_arg)
{
}

static void set_key(struct redis_keys *keys, struct kept_key *key, int64_t now_ns)
{
    char ttl[16];
    const char *words[] = {"SET", key->name, key->value, "PX", ttl};
    size_t lens[] = {3, strlen(key->name), key->bytes, 2,
                     (size_t)snprintf(ttl, sizeof ttl, "%u", key->ttl_ms)};

    if (redis_command(keys->redis, 5, words, lens, on_set, NULL))
        timers_set(&keys->due, &key->due, now_ns + key->ttl_ms * MS_NS / RENEWALS_A_TTL);
    else
        timers_set(&keys->due, &key->due, TIMER_NEVER); /* it is lost: they are used anew */
}

static void on_due(uv_timer_t *timer);

static void arm(struct redis_keys *keys)
{
    int64_t due_ns = timers_due(&keys->due), now_ns = clock_mono_ns();

    if (due_ns == TIMER_NEVER)
        uv_timer_stop(&keys->timer);
    else
        uv_timer_start(&keys->timer, on_due,
                       due_ns <= now_ns ? 0 : (uint64_t)(due_ns - now_ns) / MS_NS + 1, 0);
}

static void on_due(uv_timer_t *timer)
{
    struct redis_keys *keys = timer->data;
    int64_t now_ns = clock_mono_ns();

    while (timers_due(&keys->due) <= now_ns)
        set_key(keys, TIMER_OWNER(timers_first(&keys->due), struct kept_key, due), now_ns);
    arm(keys);
}

struct redis_keys *redis_keys_new(uv_loop_t *loop)
{
    struct redis_keys *keys = mem_new(struct redis_keys);

    uv_timer_init(loop, &keys->timer);
    keys->timer.data = keys;
    return keys;
}

void redis_keys_use(struct redis_keys *keys, struct redis *redis)
{
    int64_t due_ns = redis != NULL ? clock_mono_ns() : TIMER_NEVER;

    keys->redis = redis;
    for (struct kept_key *k = keys->all; k != NULL; k = k->hh.next)
        timers_set(&keys->due, &k->due, due_ns);
    arm(keys);
}

bool redis_keys_keep(struct redis_keys *keys, const char *name, const void *value, size_t bytes,
                     uint32_t ttl_ms, struct err *e)
{
    struct kept_key *key;

    HASH_FIND_STR(keys->all, name, key);
    if (key == NULL && HASH_COUNT(keys->all) >= REDIS_KEYS_MAX)
        return err_set(e, ERR_LIMIT, "more than %d keys are kept in Redis", REDIS_KEYS_MAX);
    if (key == NULL) {
        key = mem_new(struct kept_key);
        key->name = mem_str(name);
        HASH_ADD_KEYPTR(hh, keys->all, key->name, strlen(key->name), key);
    }
    free(key->value);
    key->value = mem_dup(value, bytes);
    key->bytes = bytes;
    key->ttl_ms = ttl_ms < REDIS_KEY_TTL_MS_MIN ? REDIS_KEY_TTL_MS_MIN : ttl_ms;
    if (keys->redis != NULL)
        timers_set(&keys->due, &key->due, clock_mono_ns());
    arm(keys);
    return true;
}

static void drop(struct redis_keys *keys, struct kept_key *key)
{
    timers_set(&keys->due, &key->due, TIMER_NEVER);
    HASH_DEL(keys->all, key);
    free(key->name);
    free(key->value);
    free(key);
}

void redis_keys_forget(struct redis_keys *keys, const char *name)
{
    const char *words[] = {"DEL", name};
    const size_t lens[] = {3, strlen(name)};
    struct kept_key *key;

    HASH_FIND_STR(keys->all, name, key);
    if (key == NULL)
        return;
    if (keys->redis == NULL || !redis_command(keys->redis, 2, words, lens, on_set, NULL))
        log_event(LOG_DEBUG, "redis.key_runs_out", F_STR("key", name));
    drop(keys, key);
    arm(keys);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void redis_keys_free(struct redis_keys *keys)
{
    struct kept_key *next;

    if (keys == NULL)
        return;
    for (struct kept_key *k = keys->all; k != NULL; k = next) {
        next = k->hh.next;
        drop(keys, k);
    }
    timers_done(&keys->due);
    uv_close((uv_handle_t *)&keys->timer, on_closed);
}
