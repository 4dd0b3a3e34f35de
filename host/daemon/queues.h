/* queues.h -- what clients are told of lanes and change of them, for service.c. */
#ifndef ORCH_DAEMON_QUEUES_H
#define ORCH_DAEMON_QUEUES_H

#include "api/api.h"

void queues_serve(struct api_engine *engine);

#endif
