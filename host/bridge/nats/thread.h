/* thread.h -- the thread that makes all calls of libnats, and the two lists that it shares with the
 * loop. Inside this room, for link.c alone. */
#ifndef ORCH_BRIDGE_NATS_THREAD_H
#define ORCH_BRIDGE_NATS_THREAD_H

#include "bridge/nats/link.h"

#include <nats/nats.h>
#include <sys/queue.h>

enum { NATS_WHY_BYTES = 200, NATS_ORDERS_BYTES_MAX = 64 * 1024 * 1024 };

/* To be published. */
struct nats_order {
    uint64_t session; /* the connection that it is for */
    uint64_t token;   /* of the answer; 0: none is awaited */
    char *subject, *id, *data;
    size_t bytes;
    STAILQ_ENTRY(nats_order) link;
};
void nats_order_free(struct nats_order *order);

enum nats_event_type {
    NATS_UP,
    NATS_LOST,
    NATS_UNUSABLE,
    NATS_DELIVERED,
    NATS_ANSWERED,
    NATS_REFUSED
};
struct nats_event {
    enum nats_event_type type;
    uint64_t session;         /* of NATS_UP */
    uint64_t token;           /* of the last two */
    natsMsg *msg;             /* of NATS_DELIVERED, NATS_ANSWERED; owned */
    char why[NATS_WHY_BYTES]; /* the others but NATS_UP */
    STAILQ_ENTRY(nats_event) link;
};
void nats_event_free(struct nats_event *event);
STAILQ_HEAD(nats_event_list, nats_event);

struct nats_thread;

/* woken: is sent when there are events. url is borrowed. */
struct nats_thread *nats_thread_new(const char *url, uint32_t timeout_ms, uint32_t backoff_max_ms,
                                    uv_async_t *woken, struct err *e) must_check;
/* Ends it, within the times of a connection, and drops both lists. */
void nats_thread_free(struct nats_thread *thread);

/* False: more waits than it takes; the order is freed. */
bool nats_thread_order(struct nats_thread *thread, struct nats_order *order) must_check;
/* All that there are. */
void nats_thread_events(struct nats_thread *thread, struct nats_event_list *ret);

#endif
