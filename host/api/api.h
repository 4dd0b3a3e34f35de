/* api.h -- the HTTP and WebSocket server of orchd. Lives on the host's one loop thread; every
 * function here is called from that thread and every callback runs on it.
 *
 * Who does what. The api parses, checks (route, size, token, tenant, scope, rate, idempotency key),
 * reads the store through the reader it was given, and writes answers. It changes nothing itself:
 * every change is one call of struct api_engine, which the host implements. The host calls the
 * given api_done_fn exactly once for each call, during the call or later, after the commit
 * ("commit, then tell"); the client may be gone by then, which is the api's business.
 *
 * Sources: DESIGN.md 10 and 12, contract/greenlang.md 6, contract/stellaops.md 2, 3 and 5. */
#ifndef ORCH_API_API_H
#define ORCH_API_API_H

#include "api/auth/claims.h"
#include "api/request/engine.h"
#include "api/stream/event.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api;
struct metrics;
struct store;
struct store_reader;
struct task_times;
struct uv_loop_s;

struct api_options {
    struct uv_loop_s *loop;              /* the host's; must outlive the api */
    struct store *store;                 /* for readers of its own; borrowed */
    struct store_reader *reader;         /* used on the loop thread only; borrowed */
    struct metrics *metrics;             /* borrowed; see observe/metrics.h */
    const struct task_times *task_times; /* the same */
    const struct api_engine *engine;
    const struct api_auth *auth;
    /* Which request's turn of the loop it is, for whoever watches that: texts that live forever;
     * NULL: none's any more. May be NULL itself. */
    void (*turn)(void *arg, const char *method, const char *route);
    void *turn_arg;
    const char *listen_host; /* NULL: 127.0.0.1 */
    uint16_t listen_port;    /* 0: any free port, see api_port */
    bool admin_loopback;     /* some routes need no token from this machine (struct route) */
    bool dev;                /* a missing tenant is "default" */

    /* 0 takes the default in parentheses. */
    uint32_t connections_max;      /* (10000) */
    uint32_t connections_peer_max; /* from one address (any number) */
    uint32_t probe_connections;    /* beyond connections_max, for routes without a token (64) */
    uint32_t idle_timeout_s;       /* a client that stalls while sending or between requests (30) */
    uint32_t head_timeout_s;       /* for a whole head (10) */
    uint32_t body_timeout_s;       /* for a whole body (60) */
    uint32_t read_threads;       /* each with a reader of the store, WORK_THREADS_MAX at most (2) */
    uint32_t waiting_mib_max;    /* that all connections hold, MiB (256) */
    uint32_t rate_per_s;         /* requests a second for each tenant (2000) */
    uint32_t rate_burst;         /* (4000) */
    uint32_t stream_ring_events; /* committed events kept in memory for live clients (8192) */
    uint32_t stream_behind_max;  /* a live client further behind is closed (100000) */
    uint32_t stream_heartbeat_s; /* (15) */
    uint32_t stream_stall_s;     /* no byte taken for so long with events waiting: closed (30) */
    uint32_t stream_auth_s;      /* time for the first-message token (5) */
};

/* Starts to listen. Nothing is served before the loop runs. */
bool api_open(const struct api_options *options, struct api **ret, struct err *e) must_check;
/* Stops listening and ends every connection; open engine and auth calls must have been answered,
 * or never be answered after this. The loop must then run until it is empty, or the process end:
 * libwebsockets gives its handles back over a few turns. Accepts NULL. */
void api_close(struct api *api);

uint16_t api_port(const struct api *api);

/* Drain: /readyz says no, new stream clients are refused with 503; existing requests go on. */
void api_drain(struct api *api);
/* After a change of trust: every token is verified anew. */
void api_tokens_forget(struct api *api);
/* The authority has the token on its list: from here on it opens nothing, and no stream that it
 * opened is told another event. */
void api_token_revoked(struct api *api, const char *token_id);

/* After each commit, a tenant's in order of seq. Events with a seq that was published before are
 * passed over; those that stand behind another host's are told behind them. */
void api_stream_publish(struct api *api, const struct api_event *events, size_t count);
/* What api/stream/server.h says of the same names. */
void api_stream_passed(struct api *api, const char *tenant, int64_t first, int64_t last);
void api_stream_heard(struct api *api, const char *tenant, int64_t number);
void api_stream_look(struct api *api);

#endif
