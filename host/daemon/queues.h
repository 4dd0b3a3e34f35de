/* queues.h -- what the api is told of lanes: the calls of those names of struct api_engine, whose
 * arg is the host. */
#ifndef ORCH_DAEMON_QUEUES_H
#define ORCH_DAEMON_QUEUES_H

#include "base/auto.h"

#include <jansson.h>

json_t *queues_lanes_owned(void *host) must_check;
char *queues_run_waits_owned(void *host, const char *tenant, const char *run_id) must_check;
void queues_gauges(void *host);

#endif
