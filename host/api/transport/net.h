/* net.h -- the only room that knows libwebsockets. */
#ifndef ORCH_API_TRANSPORT_NET_H
#define ORCH_API_TRANSPORT_NET_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct net;
struct request_server;
struct stream_server;
struct uv_loop_s;

struct net_options {
    struct uv_loop_s *loop;  /* must outlive the transport */
    const char *listen_host; /* borrowed for the call */
    uint16_t listen_port;    /* 0: any that is free */
    uint32_t connections_max;
    uint32_t idle_timeout_s;
    struct request_server *requests; /* borrowed until net_close, as is the next */
    struct stream_server *streams;
};

/* Binds the address for a moment. lws 4.1.6 cannot be taken down after a bind that failed (it
 * unloads its libuv part while handles of that part still close), so the address is tried before.
 */
bool net_address_try(const struct net_options *opt, struct err *e) must_check;
bool net_open(const struct net_options *opt, struct net **ret, struct err *e) must_check;
/* Ends every connection; requests and streams hear it during the call and are not called any more.
 * The loop must run on for lws to let go of its handles. */
void net_close(struct net *net);
uint16_t net_port(const struct net *net);

/* What a request and a stream client may ask of their connection. */
extern const struct request_conn_ops net_request_ops;
extern const struct stream_conn_ops net_stream_ops;

#endif
