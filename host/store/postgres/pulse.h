/* pulse.h -- a thread with a connection of its own that tells of this host ten times a lease's
 * length, whatever the writer does meanwhile: a long group, a queue, a pause before it connects.
 * It fences the hosts that are silent for as long as theirs (docs/adr/0048), and ends with the
 * first renewal that finds this one fenced. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_PULSE_H
#define ORCH_STORE_POSTGRES_PULSE_H

#include "store/postgres/herald.h"
#include "store/postgres/host_row.h"

#include <stdatomic.h>

struct pulse_options {
    const char *url, *schema; /* borrowed, as all that follows */
    const struct host_row *host;
    struct herald *herald; /* what is free is told */
    atomic_int_fast64_t *held_until_us;
};

struct pulse;

bool pulse_start(const struct pulse_options *options, struct pulse **ret, struct err *e) must_check;
/* Waits for a renewal that is under way. Accepts NULL. */
void pulse_free(struct pulse *p);
/* Both on any thread. Another host has followed this one; the last renewal did not go well. */
bool pulse_fenced(const struct pulse *p);
bool pulse_misses(const struct pulse *p);

#endif
