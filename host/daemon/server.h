/* server.h -- the door: what the api is given, and the address that it listens on. */
#ifndef ORCH_DAEMON_SERVER_H
#define ORCH_DAEMON_SERVER_H

#include "base/err.h"

struct host;

/* Sets host->api. A port that the system chooses stays that of the life before (again.h). */
bool server_start(struct host *host, struct err *e) must_check;

#endif
