/* again.h -- a host that another one has followed (fenced) begins again by itself, as a new
 * opening: nobody need be there to start it.
 *
 * Its lives are in one process, one after the other: each is stopped whole (stop.h) before the next
 * begins, whatever was told meanwhile holds, and an address whose port the system chose stays the
 * same. Lives that do not last are counted, and there are longer pauses between them; a host that
 * is followed again and again, or cannot start any more, ends with the error. */
#ifndef ORCH_DAEMON_AGAIN_H
#define ORCH_DAEMON_AGAIN_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct again {
    uint16_t port;    /* of the last life that had one; 0: none */
    int64_t ready_ns; /* when this life was ready; 0: it is not */
    unsigned tries;   /* since a life that lasted; 0: this is the first life */
};

/* Behind a life that ended with why. True: another one is due, its pause is over. False: why is
 * final, or the host is told to end. */
bool again_due(struct again *again, bool fenced, const struct err *why);

#endif
