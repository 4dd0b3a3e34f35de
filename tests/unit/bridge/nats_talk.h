/* nats_talk.h -- a real nats-server of a test's own, and somebody who speaks to it by hand. */
#ifndef ORCH_TESTS_BRIDGE_NATS_TALK_H
#define ORCH_TESTS_BRIDGE_NATS_TALK_H

#include "base/auto.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct nats_world {
    pid_t server;
    uint16_t port;
    bool jetstream;
    char dir[64];
    int peer; /* -1: not connected */
};

/* Listens when it returns. */
void nats_world_begin(struct nats_world *w, bool jetstream);
void nats_world_kill(struct nats_world *w);
void nats_world_start(struct nats_world *w); /* again, on the same port and files */
void nats_world_end(struct nats_world *w);

/* What is answered; id NULL: none. The caller owns it. */
json_t *nats_asks(struct nats_world *w, const char *subject, const char *id, const char *data);
/* The sequence of a message that was stored. */
uint64_t nats_adds(struct nats_world *w, const char *subject, const char *id, const char *data);
/* How many messages a stream has; -1: it is not there. */
int nats_holds(struct nats_world *w, const char *stream);
/* Until it has so many. */
void nats_holds_at_last(struct nats_world *w, const char *stream, int messages);
/* The last message of a subject: its body, and its headers in ret_head. */
json_t *nats_last(struct nats_world *w, const char *stream, const char *subject, char *ret_head,
                  size_t bytes);

#endif
