/* server.h -- the bridge's end of the link and what it has been told to do. Bridge process, its
 * loop.
 *
 *   first              then             so
 *   SETUP              -                Redis is connected to; STATE when it is up, when it is lost
 *   KEEP               Redis is lost    set again when it is back (redis/keys.h)
 *   the host is gone   -                bridge_run returns; what is kept runs out by itself
 */
#ifndef ORCH_BRIDGE_SERVER_SERVER_H
#define ORCH_BRIDGE_SERVER_SERVER_H

#include "base/err.h"

/* Until the host closes its socket (true), or says what it may not or hears nothing more (false).
 * sock is not consumed. */
bool bridge_run(int sock, struct err *e) must_check;

#endif
