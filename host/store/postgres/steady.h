/* steady.h -- whether a host has renewed its row without a gap for long enough to say of another
 * that it is silent: behind a pause of the database all rows are old, and whoever comes back first
 * must not fence the others for it. Pure. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_STEADY_H
#define ORCH_STORE_POSTGRES_STEADY_H

#include <stdbool.h>
#include <stdint.h>

struct steady {
    int64_t gap_us; /* longer between two renewals is a gap */
    /* Of the last renewal, by the host's clock when it was sent and by the database's; 0: none. */
    int64_t sent_us, database_us;
    int64_t since_us;
};

/* A renewal went well. The two clocks must have gone on alike since the one before. */
void steady_note(struct steady *s, int64_t sent_us, int64_t database_us);
/* Until the last renewal. */
bool steady_for(const struct steady *s, int64_t us);

#endif
