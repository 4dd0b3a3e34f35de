/* authority.h -- keeps one orch-authority running: its own process, one socket, whose other end
 * goes to the host. It is started again when it ends, later and later while it keeps ending.
 *
 *   first              then          so
 *   it starts          -             AUTHORITY with a fresh socket, which the host attaches;
 *                                    what was asked on an older one failed with that one
 *   it ends            host asks     the host's socket is at its end: fails there, not here
 *   it ends            -             started again after the backoff
 *   it cannot start    -             tried again after the backoff
 *   the host is gone   -             its socket ends and it exits; authority_kill if it hangs
 */
#ifndef ORCH_SANDBOX_SUPERVISOR_AUTHORITY_H
#define ORCH_SANDBOX_SUPERVISOR_AUTHORITY_H

#include "sandbox/supervisor/host.h"
#include "sandbox/supervisor/loop.h"

struct authority {
    struct loop *loop;
    struct host *host;
    const char *path, *home;
    bool create_root; /* it may make its root key */
    struct watch process;
    int socket;   /* to be handed to the host; -1: none */
    bool greeted; /* the host may be told */
    struct timer start;
    int64_t started_ns, backoff_ns;
};

/* Starts it, and again whenever it ended. With no path there is none. */
void authority_keep(struct authority *a, struct loop *loop, struct host *host);
/* The host was said HELLO: from now on it is given the sockets. */
void authority_hand_over(struct authority *a);
void authority_kill(struct authority *a);

#endif
