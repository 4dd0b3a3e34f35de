/* server.h -- what all stream clients of one server share, and what concerns all of them at once.
 *
 * The stream does not know what carries a client. It is given two requests that it may make of a
 * connection, and is asked in return (client.h) when the connection can take bytes. Loop thread. */
#ifndef ORCH_API_STREAM_SERVER_H
#define ORCH_API_STREAM_SERVER_H

#include "api/stream/event.h"
#include "base/auto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct beside;
struct conn; /* of whoever made the client */
struct metrics;
struct store_reader;
struct ring;
struct stream_client;
struct tokens;
struct verdicts;

/* Both only ask: the connection acts in a later turn, so no client goes away during the call. */
struct stream_conn_ops {
    void (*wake)(struct conn *conn); /* there is something to write, or the client wants to close */
    void (*kill)(struct conn *conn); /* the connection takes no bytes: end it without a word */
};

struct stream_options {
    const struct stream_conn_ops *conn;
    struct store_reader *reader; /* borrowed, as are the next four */
    struct beside *beside;       /* who reads pages; freed before the server */
    struct metrics *metrics;
    struct tokens *tokens;
    struct verdicts *tickets; /* one-time, for browsers */
    bool dev;                 /* as struct api_options has them, and with its defaults filled in */
    uint32_t ring_events;
    uint32_t behind_max;
    uint32_t heartbeat_s;
    uint32_t stall_s;
    uint32_t auth_s;
};

struct stream_server {
    struct stream_options opt;
    struct rings *rings;
    LIST_HEAD(stream_client_list, stream_client) clients; /* whose connection is open */
    uint32_t client_count;
};

struct stream_server *stream_server_new(const struct stream_options *opt) must_check;
/* Accepts NULL. Every client's connection has ended; a client whose token is still being verified
 * may be left, and does not come back here. */
void stream_server_free(struct stream_server *s);

/* After a commit, a tenant's in order of seq; wakes each client that has something to say. */
void stream_server_publish(struct stream_server *s, const struct api_event *events, size_t count);
/* After a commit of entries that are no events of streams. */
void stream_server_passed(struct stream_server *s, const char *tenant, int64_t first, int64_t last);
/* Another host's commit: the tenant's ledger goes at least to number. What is followed of it is
 * read from the store. */
void stream_server_heard(struct stream_server *s, const char *tenant, int64_t number);
/* Other hosts may have committed unheard: each tenant that is followed is looked at. */
void stream_server_look(struct stream_server *s);
/* For fill.c: each client of the ring that has something to say. */
void stream_server_wake(struct stream_server *s, const struct ring *r);
/* The token with this id was revoked: ends every client that it let in. */
void stream_server_revoke(struct stream_server *s, const char *token_id);
/* Once a second: heartbeats, authentication deadlines, clients that take nothing. */
void stream_server_tick(struct stream_server *s, int64_t now_ns);

#endif
