/* poll.h -- hiredis on libuv. hiredis has an adapter of its own, which drops what poll finds wrong
 * with a socket, so that a connection which is refused is only noticed when its time is over
 * (hiredis 0.14, adapters/libuv.h). Bridge process, its loop. */
#ifndef ORCH_BRIDGE_REDIS_POLL_H
#define ORCH_BRIDGE_REDIS_POLL_H

#include <hiredis/async.h>
#include <stdbool.h>
#include <uv.h>

/* Until hiredis frees the context. False: its socket cannot be polled. */
bool redis_poll(redisAsyncContext *ac, uv_loop_t *loop);

#endif
