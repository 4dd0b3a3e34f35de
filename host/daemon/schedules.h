/* schedules.h -- what clients change of schedules, for service.c. */
#ifndef ORCH_DAEMON_SCHEDULES_H
#define ORCH_DAEMON_SCHEDULES_H

#include "api/api.h"

void schedules_serve(struct api_engine *engine);

#endif
