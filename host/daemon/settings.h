/* settings.h -- what the engine is set to, out of the host's configuration. */
#ifndef ORCH_DAEMON_SETTINGS_H
#define ORCH_DAEMON_SETTINGS_H

#include "engine/env/env.h"

struct host;

/* Borrows from the host, whose files are open. */
struct engine_settings host_settings(const struct host *host) must_check;

#endif
