/* service.h -- the api's vtables (struct api_engine, struct api_auth), filled from the host's
 * parts. */
#ifndef ORCH_DAEMON_SERVICE_H
#define ORCH_DAEMON_SERVICE_H

#include "api/api.h"

struct host;

/* Both point into static storage and to host. */
const struct api_engine *service_engine(struct host *host);
const struct api_auth *service_auth(struct host *host);

#endif
