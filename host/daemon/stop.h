/* stop.h -- the end of the host behind its loop. In this order, and why:
 *
 *   1. the door: no request is taken any more, the pid file goes, nothing is started
 *   2. what is on its way comes back: commits from the store, then the authority's answers as
 *      errors, then the commits that those led to. All of it finds its owners alive
 *   3. nothing is on its way (asserted), so nothing can call back: the parts are freed, users
 *      before what they use. Once the sandbox is gone, the runs that are left are given back to the
 *      store (engine_release)
 *
 * A disk that does not answer would keep 2 from ever ending. When no commit comes back for 10 s the
 * process ends where it is, with 1: what was not acknowledged may or may not be found at the next
 * start, and everything below ends with its sockets. */
#ifndef ORCH_DAEMON_STOP_H
#define ORCH_DAEMON_STOP_H

struct host;

/* However far the start came. */
void stop_host(struct host *host);

#endif
