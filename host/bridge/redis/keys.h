/* keys.h -- keys that are set in Redis for as long as somebody wants them: set when Redis is there,
 * again before they run out, and gone when nobody wants them any more. A key of a bridge or a host
 * that died runs out by itself. Bridge process, its loop. */
#ifndef ORCH_BRIDGE_REDIS_KEYS_H
#define ORCH_BRIDGE_REDIS_KEYS_H

#include "bridge/redis/redis.h"

struct redis_keys;

enum { REDIS_KEYS_MAX = 100000, REDIS_KEY_TTL_MS_MIN = 1000 };

/* redis: NULL until keys_up. */
struct redis_keys *redis_keys_new(uv_loop_t *loop) must_check;
void redis_keys_free(struct redis_keys *keys); /* accepts NULL; its handle is closed by the loop */

/* Redis answers, and has none of them, or it is gone (NULL). */
void redis_keys_use(struct redis_keys *keys, struct redis *redis);

/* A key that is there gets the value. ttl_ms below the least counts as that. ERR_LIMIT. */
bool redis_keys_keep(struct redis_keys *keys, const char *name, const void *value, size_t bytes,
                     uint32_t ttl_ms, struct err *e) must_check;
void redis_keys_forget(struct redis_keys *keys, const char *name);

#endif
