/* queues.h -- the lanes that the host is started with, and what clients are told of lanes and
 * change of them, for service.c. */
#ifndef ORCH_DAEMON_QUEUES_H
#define ORCH_DAEMON_QUEUES_H

#include "api/api.h"

struct host;

/* The lanes of the file that the settings name, into host->lanes. Start-up only. */
bool queues_read(struct host *host, struct err *e) must_check;

void queues_serve(struct api_engine *engine);

/* For health: whether new runs and tasks are taken, and why not; the caller owns it. */
json_t *queues_admission_owned(const struct host *host) must_check;

#endif
