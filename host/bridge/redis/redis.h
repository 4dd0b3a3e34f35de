/* redis.h -- a connection to Redis, made again whenever it is lost: after a tenth of a second, then
 * after a pause that doubles up to backoff_max_ms.
 *
 * What always holds: every command that was accepted has its reply function called once, with NULL
 * when the connection was lost before the answer. A server that does not connect or answer within
 * timeout_ms is given up. Nothing is called from inside redis_command. Bridge process, its loop.
 *
 *   first          then              so
 *   command        connection lost   NULL: whether it was done is not known
 *   lost           command           refused
 *   nothing asked  timeout_ms / 2    PING: a connection that is cut without a word is noticed */
#ifndef ORCH_BRIDGE_REDIS_REDIS_H
#define ORCH_BRIDGE_REDIS_REDIS_H

#include "bridge/redis/target.h"

#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct redis;

struct redis_options {
    struct redis_target target; /* borrowed while the connection is there */
    uint32_t timeout_ms, backoff_max_ms;
    /* Each may be told several times in a row. */
    void (*on_up)(void *arg);
    void (*on_lost)(void *arg, const char *why);
    void *arg;
};

struct redis *redis_new(uv_loop_t *loop, const struct redis_options *options) must_check;
/* Replies that are awaited are told NULL. Its handles are closed by the loop's next turns. */
void redis_free(struct redis *redis); /* accepts NULL */

typedef void redis_reply_fn(void *arg, const redisReply *reply);
/* False: there is no connection. lens in bytes. */
bool redis_command(struct redis *redis, int argc, const char *const *argv, const size_t *lens,
                   redis_reply_fn *fn, void *arg) must_check;
/* The same in hiredis' words: %s a text, %b bytes and a size_t, a blank between two words. redis
 * NULL: there is none. */
bool redis_vcommandf(struct redis *redis, redis_reply_fn *fn, void *arg, const char *format,
                     va_list args) must_check;
bool redis_commandf(struct redis *redis, redis_reply_fn *fn, void *arg, const char *format,
                    ...) must_check;

#endif
