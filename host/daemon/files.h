/* files.h -- the descriptors of the host: how many there are, and who may have them. */
#ifndef ORCH_DAEMON_FILES_H
#define ORCH_DAEMON_FILES_H

#include "base/err.h"

#include <stdbool.h>

struct host;

/* Raises the soft limit and shares it out into host->files (config/descriptors.h); before anything
 * else is opened. False: there are too few. */
bool host_share_descriptors(struct host *host, struct err *e) must_check;
/* The setting, or what the shares allow of it: the workers of the lane "default". */
uint32_t host_attempts_max(const struct host *host);

#endif
