/* breaker.h -- keeps those who would connect to a database that is away from waiting for it each:
 * one tries, the others hear at once that it failed. Any thread. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_BREAKER_H
#define ORCH_STORE_POSTGRES_BREAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct breaker {
    atomic_llong next_ns; /* until then nobody tries; 0: all may */
    atomic_uint failures; /* in a row */
};

/* Half of what so many failures in a row cost at least, all of it at most: 50 ms to 2 s. */
unsigned breaker_pause_ms(unsigned failures);

/* True: the caller tries, and says what came of it. */
bool breaker_try(struct breaker *b, int64_t now_ns);
void breaker_tell(struct breaker *b, bool connected, int64_t now_ns);

#endif
