/* client.h -- orchd's end of the bridge's socket, for its one-threaded loop.
 *
 * A client outlives bridges: the supervisor starts another when one ends, and the host attaches the
 * new socket. Each is told SETUP first. What is said while none is attached is dropped: whoever
 * needs it says it to the next. A bridge that sends what it may not,
 * or takes nothing any more, has its socket closed, which ends it.
 *
 *   first                then            so
 *   said                 bridge ends     whether it was done is not known
 *   bridge ends          said            dropped
 *   bridge ends          -               the state is down until another says otherwise
 *   orchd ends           -               the bridge sees the end of its socket and ends */
#ifndef ORCH_BRIDGE_CLIENT_CLIENT_H
#define ORCH_BRIDGE_CLIENT_CLIENT_H

#include "bridge/wire/protocol.h"

struct bridge_client;

struct bridge_client *bridge_client_new(const struct bridge_setup *setup) must_check;
void bridge_client_free(struct bridge_client *client); /* accepts NULL */

/* Takes the socket: *fd is -1 afterwards. An earlier one is closed. */
void bridge_client_attach(struct bridge_client *client, int *fd);
const struct bridge_state *bridge_client_state(const struct bridge_client *client,
                                               enum bridge_backend backend);

/* Who speaks of tasks with it (wire/tasks.h). Called from bridge_client_attach and
 * bridge_client_turn alone; each may say something to it at once. */
struct bridge_listener {
    void (*fresh)(void *arg); /* a bridge is there that was told nothing yet */
    void (*state)(void *arg, enum bridge_backend backend); /* was told; lost with the bridge, too */
    /* Of tasks.h. False: it is none that may be said. */
    bool (*heard)(void *arg, const struct message *m);
    void *arg;
};
void bridge_client_listen(struct bridge_client *client, const struct bridge_listener *listener);
/* Takes the bytes of body. */
void bridge_client_say(struct bridge_client *client, enum bridge_message type, struct buf *body);

/* As those of authority/client/client.h. */
void bridge_client_watch(struct bridge_client *client, void (*closing)(void *arg), void *arg);
int bridge_client_fd(const struct bridge_client *client);
short bridge_client_events(const struct bridge_client *client);
void bridge_client_turn(struct bridge_client *client);

/* Once a second: for how many it has not answered. */
uint32_t bridge_client_beat(struct bridge_client *client);

/* Key and value within the bounds of protocol.h. */
void bridge_client_keep(struct bridge_client *client, const char *key, const void *value,
                        size_t value_bytes, uint32_t ttl_ms);
void bridge_client_forget(struct bridge_client *client, const char *key);

#endif
