/* kept.h -- keeps one process of the host's beside it running: orch-authority, and orch-bridge
 * where something is configured that it speaks to. One socket, whose other end goes to the host. It
 * is started again when it ends, later and later while it keeps ending.
 *
 *   first              then          so
 *   it starts          -             its message with a fresh socket, which the host attaches; what
 *                                    was asked on an older one failed with that one
 *   it ends            host asks     the host's socket is at its end: fails there, not here
 *   it ends            -             started again after the backoff
 *   it cannot start    -             tried again after the backoff
 *   the host is gone   -             its socket ends and it exits; kept_kill if it hangs
 */
#ifndef ORCH_SANDBOX_SUPERVISOR_KEPT_H
#define ORCH_SANDBOX_SUPERVISOR_KEPT_H

#include "sandbox/supervisor/host.h"
#include "sandbox/supervisor/loop.h"

enum { KEPT_WORDS_MAX = 4 };

struct kept_process {
    const char *name; /* its own, argv[0] */
    unsigned message; /* that hands its socket over */
    bool credentials; /* it may know of systemd's folder */
};
extern const struct kept_process kept_authority, kept_bridge;

struct kept {
    const struct kept_process *process;
    struct loop *loop;
    struct host *host;
    const char *path;                  /* NULL: there is none */
    const char *words[KEPT_WORDS_MAX]; /* of its command line, besides those of all */
    struct watch life;
    int socket;   /* to be handed to the host; -1: none */
    bool greeted; /* the host may be told */
    struct timer start;
    int64_t started_ns, backoff_ns;
};

/* Starts it, and again whenever it ended. */
void kept_begin(struct kept *k, struct loop *loop, struct host *host);
/* The host was said HELLO: from now on it is given the sockets. */
void kept_hand_over(struct kept *k);
void kept_kill(struct kept *k);

#endif
