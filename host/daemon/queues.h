/* queues.h -- the lanes that the host is started with, and what clients are told of lanes and
 * change of them, for service.c. */
#ifndef ORCH_DAEMON_QUEUES_H
#define ORCH_DAEMON_QUEUES_H

#include "api/api.h"
#include "lanes/load.h"

struct config;
struct host;

/* The lanes of the file that the settings name, into host->lanes. Start-up only. */
bool queues_read(struct host *host, struct err *e) must_check;

/* Beyond which the host takes nothing new, on a machine with so much memory (0: not known). */
struct load queues_marks(const struct config *config, int64_t machine_bytes);

void queues_serve(struct api_engine *engine);

/* For health: whether new runs and tasks are taken, and why not; the caller owns it. */
json_t *queues_admission_owned(const struct host *host) must_check;

#endif
