/* bridge.h -- what the host says through its bridge (bridge/client/client.h): nothing, unless the
 * settings name a Redis. Whatever becomes of the bridge or of Redis, runs go on; health says so.
 *
 * In Redis each run that is here has a key, gl:orchestrator:lock:RUN with this host's address as
 * its value, for as long as it is here and LOCK_TTL_MS more (contract/greenlang.md 12). It is for
 * those who look: what keeps two hosts from one run is the lease of the store. */
#ifndef ORCH_DAEMON_BRIDGE_H
#define ORCH_DAEMON_BRIDGE_H

#include "base/auto.h"

#include <jansson.h>
#include <stdbool.h>

struct bridge_client;
struct host;

/* Makes host->bridge where one is wanted. */
void bridge_begin(struct host *host);
/* There is a fresh one; takes fd. */
void bridge_attach(struct host *host, int fd);

/* As engine_env.run_here says; arg is the host. */
void bridge_run_here(void *arg, const char *run_id, bool here);

/* What probes tell of what it speaks to: why of each that is away; each with its state. */
void bridge_degraded(const struct host *host, json_t *reasons);
void bridge_checks(const struct host *host, json_t *checks);

#endif
