/* descriptors.c -- see descriptors.h. */
#include "config/descriptors.h"

#include <assert.h>

enum {
    OURS = 96,          /* store, log, supervisor, authority: 31 seen; and zygotes */
    OF_A_SLOT = 6,      /* an attempt's or a spare's process, its pipes and sockets: 5 seen */
    PROBES_SHARE = 8,   /* of the connections, at most what is wanted */
    ATTEMPTS_SHARE = 2, /* of the slots, when there are too few; the others are spares */
};

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Half of what is there, unless the runs want less or the connections leave more. */
static uint32_t slots_of(uint32_t left, const struct descriptors_share *want)
{
    uint32_t wanted = want->attempts + want->spares;
    uint32_t connections = want->connections + want->probes;
    uint32_t half = left / 2, rest = left > connections ? left - connections : 0;

    return least(wanted, (half > rest ? half : rest) / OF_A_SLOT);
}

bool descriptors_share(uint32_t limit, const struct descriptors_share *want,
                       struct descriptors_share *ret, struct err *e)
{
    uint32_t left, slots, connections;

    if (limit < DESCRIPTORS_MIN)
        return err_set(e, ERR_LIMIT, "%u descriptors are too few: at least %d (ulimit -n)", limit,
                       DESCRIPTORS_MIN);
    left = limit - OURS;
    slots = slots_of(left, want);
    ret->attempts = want->attempts;
    if (slots < want->attempts + want->spares)
        ret->attempts = least(want->attempts, slots / ATTEMPTS_SHARE);
    ret->spares = least(want->spares, slots - ret->attempts);
    connections = left - slots * OF_A_SLOT;
    ret->probes = least(want->probes, connections / PROBES_SHARE);
    ret->connections = least(want->connections, connections - ret->probes);
    assert(ret->attempts > 0 && ret->spares > 0 && ret->probes > 0 && ret->connections > 0);
    return true;
}
