/* cluster.h -- a PostgreSQL cluster of the test program's own: Debian's server in a folder of /tmp
 * or /dev/shm (a socket's path is short), reached by a Unix socket in it, never as root (then: as
 * "nobody"). Started once a program, before Check forks. Whatever becomes of the program, the
 * server ends and the folder goes: a keeper process has both and waits for the program, and whoever
 * it forked, to be gone; the server dies with the keeper. */
#ifndef ORCH_TESTS_STORE_POSTGRES_CLUSTER_H
#define ORCH_TESTS_STORE_POSTGRES_CLUSTER_H

#include "base/auto.h"
#include "base/err.h"

#include <sys/types.h>

struct cluster;

enum cluster_syncs {
    CLUSTER_LAZY,    /* fsync=off: for whatever is not about durability */
    CLUSTER_DURABLE, /* as it is shipped */
};

/* Waits until it takes connections. */
bool cluster_start(enum cluster_syncs syncs, struct cluster **ret, struct err *e) must_check;
void cluster_free(struct cluster *c); /* ends it; accepts NULL */
DEFINE_AUTO(cluster)

/* What libpq takes, without a password. "postgres" is the superuser, and a database that is there.
 * The caller owns it. */
char *cluster_url(const struct cluster *c, const char *role, const char *database) must_check;
const char *cluster_folder(const struct cluster *c);
/* The server, for tests that stop it and let it go on by signals; 0: there is none. */
pid_t cluster_pid(const struct cluster *c);

/* Ends the server by a signal: SIGTERM when all have gone, SIGINT at once and in order, SIGQUIT as
 * after a crash, SIGKILL. It is gone when this returns. */
bool cluster_halt(const struct cluster *c, int signal, struct err *e) must_check;
/* Starts it again on what it had. */
bool cluster_resume(const struct cluster *c, struct err *e) must_check;

#endif
