/* net.h -- connections: HTTP/1.1 here, WebSockets by libwebsockets, which only this room knows.
 *
 * What may be open at once is bounded in four ways (struct net_options). A client is slow or many
 * at its own cost: it has a time for its head, its body and every 16 KiB that it takes, and when
 * all places are taken the one that has been silent for the longest makes room. A share of the
 * places answers nothing but routes that need no token, so that probes and metrics go on. */
#ifndef ORCH_API_TRANSPORT_NET_H
#define ORCH_API_TRANSPORT_NET_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net;
struct request_server;
struct stream_server;
struct uv_loop_s;

struct net_options {
    struct uv_loop_s *loop;  /* must outlive the transport */
    const char *listen_host; /* an address or a name; borrowed for the call */
    uint16_t listen_port;    /* 0: any that is free */
    uint32_t connections_max;
    uint32_t reserve;              /* beyond it, for probes */
    uint32_t connections_peer_max; /* from one address (IPv6: from one /64); 0: any number */
    uint32_t idle_timeout_s;       /* between requests, and for the next byte of a body or answer */
    uint32_t head_timeout_s;       /* for a whole head, from its first byte */
    uint32_t body_timeout_s;       /* for a whole body */
    size_t waiting_bytes_max;      /* in all connections; above it only probes are answered */
    struct request_server *requests; /* borrowed until net_close, as is the next */
    struct stream_server *streams;
};

/* Listens. Nothing is taken before the loop runs. */
bool net_open(const struct net_options *opt, struct net **ret, struct err *e) must_check;
/* Ends every connection; requests and streams hear it during the call and are not called any more.
 * The loop must run on for the handles to be given back. */
void net_close(struct net *net);
uint16_t net_port(const struct net *net);

/* What a request and a stream client may ask of their connection. */
extern const struct request_conn_ops net_request_ops;
extern const struct stream_conn_ops net_stream_ops;

#endif
