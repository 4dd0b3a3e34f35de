/* swarm_client.h -- one WebSocket client of a swarm: connect, greet, read frames. */
#ifndef ORCH_TESTS_BENCH_SWARM_CLIENT_H
#define ORCH_TESTS_BENCH_SWARM_CLIENT_H

#include "swarm.h"

#include "base/buf.h"

#include <stdbool.h>

enum swarm_state { SWARM_NEW, SWARM_CONNECTING, SWARM_GREETED, SWARM_OPEN };

struct swarm_client {
    int fd;
    enum swarm_state state;
    bool silent;
    int64_t last_seq; /* kept over a reconnect: where it goes on */
    long seen;
    struct buf rest; /* what is not a whole frame yet */
};

/* What one reading brought. */
struct swarm_news {
    long messages, bytes, twice, behind;
    long age_ms; /* of the last message */
};

/* All give false when the connection is over, with errno where there is one. */
bool swarm_client_connect(struct swarm_client *c, const struct swarm_order *order);
bool swarm_client_greet(struct swarm_client *c, const struct swarm_order *order);
bool swarm_client_read(struct swarm_client *c, struct swarm_news *news);
void swarm_client_close(struct swarm_client *c);

#endif
