/* net.h -- the only part that knows libwebsockets: net.c (context, HTTP) and websocket.c. */
#ifndef ORCH_API_TRANSPORT_NET_H
#define ORCH_API_TRANSPORT_NET_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct api;
struct api_options;
struct api_request;
struct conn;
struct net;
struct stream_client;

/* Every answer's bytes begin behind this much free room, which libwebsockets may write into. */
enum { NET_HEADROOM = 64 };

/* Binds the address for a moment. lws 4.1.6 cannot be taken down after a bind that failed (it
 * unloads its libuv part while handles of that part still close), so the address is tried before.
 */
bool net_address_try(const struct api_options *opt, struct err *e) must_check;
bool net_open(struct api *api, struct net **ret, struct err *e) must_check;
/* Ends every connection; the loop must run once more for lws to let go of its handles. */
void net_close(struct net *net);
uint16_t net_port(const struct net *net);

/* The whole answer, head and body, behind NET_HEADROOM bytes. Takes wire. */
void net_answer_take(struct conn *conn, struct buf *wire, bool close);
/* Writes the head, then pumps the client. Takes wire; the client belongs to the connection. */
void net_stream_begin(struct conn *conn, struct buf *wire, struct stream_client *client);
/* A body that is made while it goes out. */
struct net_body {
    /* Appends the next piece, which may be empty; false: there is none, or no more can be had. */
    bool (*next)(void *arg, struct buf *out);
    void (*free)(void *arg);
    void *arg;
};
/* Writes the head, then piece after piece, and closes. Takes wire and the body. */
void net_body_begin(struct conn *conn, struct buf *wire, const struct net_body *body);
/* What a stream client may ask of its connection. */
extern const struct stream_conn_ops net_stream_ops;

#endif
