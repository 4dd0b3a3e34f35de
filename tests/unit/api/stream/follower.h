/* follower.h -- a stream client over a connection that is none: what it asked of it is counted, and
 * what it would write is read as text. */
#ifndef ORCH_TESTS_API_STREAM_FOLLOWER_H
#define ORCH_TESTS_API_STREAM_FOLLOWER_H

#include "rig.h"

#include "api/stream/client.h"
#include "api/stream/server.h"
#include "store/beside.h"

/* The connection, as api/stream/server.h knows it. */
struct conn {
    int wakes;
    int kills;
};

struct follower {
    struct rig rig;
    struct beside *beside;
    struct stream_server *server;
    struct conn conn;
    struct stream_client *client;
    char text[4096]; /* the last one read */
};

/* A server with small limits: ring 4 events, behind 6, heartbeat 10 s, stall 20 s, auth 5 s. */
void follower_open(struct follower *f);
/* Frees the client when it is there. */
void follower_close(struct follower *f);
/* Makes the client of GET /runs/stream; head's contents are taken. */
void follower_begin(struct follower *f, enum stream_kind kind, struct http_head head);
/* The same, and lets it in for tenant "t". False: *ret_code says why not. */
bool follower_follow(struct follower *f, enum stream_kind kind, const char *query,
                     const char **ret_code);
/* Commits an event of the tenant and publishes it; its seq. */
int64_t follower_event(struct follower *f, const char *tenant);
/* The next text to write; "" when there is none. The socket takes it. */
const char *follower_read(struct follower *f);
/* What was asked of the store is there. */
void follower_page_comes(struct follower *f);
/* Fails unless the next text holds the words. */
void follower_hears(struct follower *f, const char *words);
void follower_hears_nothing(struct follower *f);

#endif
