/* swarm.h -- many WebSocket clients of one event stream, in a process of their own. They count what
 * comes by its "seq", which only ever grows, and how old it is by its "timestamp". */
#ifndef ORCH_TESTS_BENCH_SWARM_H
#define ORCH_TESTS_BENCH_SWARM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SWARM_AGES = 4096 };

struct swarm_order {
    int port;
    const char *path; /* with its query; what is after its end is the swarm's ("&after=N") */
    const char *token;
    int readers;
    int silent; /* clients that never read */
};

/* Shared with the caller, who may read it at any time. */
struct swarm_counts {
    long open;             /* clients whose handshake is done, the silent with them */
    long messages;         /* events, over all readers */
    long bytes;            /* of these events */
    long twice;            /* events that came again, or out of order */
    long ended;            /* streams that the other end closed, of readers */
    long done;             /* readers that have `expected` events each */
    long behind;           /* words that a client was too slow for memory */
    long ages[SWARM_AGES]; /* by milliseconds; a sample of the clients */
};

struct swarm;

/* Connects them all. */
struct swarm *swarm_start(const struct swarm_order *order);
const volatile struct swarm_counts *swarm_counts(const struct swarm *swarm);
/* Waits until so many readers have so many events each since their start; false: no news for a
 * minute. */
bool swarm_wait(struct swarm *swarm, long readers, long expected);
/* All readers go away at once and come back with their last cursor. */
void swarm_storm(struct swarm *swarm);
void swarm_stop(struct swarm *swarm);
/* The age in milliseconds below which this share of the sample was. */
double swarm_age_ms(const struct swarm *swarm, double share);

#endif
