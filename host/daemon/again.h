/* again.h -- a host that another one has followed (fenced) begins again by itself, as a new
 * opening: nobody need be there to start it.
 *
 * Its lives are in one process, one after the other: each is stopped whole (stop.h) before the next
 * begins, whatever was told meanwhile holds, and an address whose port the system chose stays the
 * same. Lives that do not last are counted, and there are longer pauses between them; a host that
 * is followed again and again, or cannot start any more, ends with the error. One that is told to
 * end between two lives ends in order: nothing of it is open then. */
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

enum again_next { AGAIN_FINAL, AGAIN_TOLD_TO_END, AGAIN_DUE };

/* Behind a life that ended with why: whether that is final, or another one is due (its pause is
 * over), or would be if the host were not told to end. */
enum again_next again_next(struct again *again, bool fenced, const struct err *why);

#endif
