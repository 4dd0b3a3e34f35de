/* start.h -- makes a zygote: its uid, its channels, its namespaces through init, its group
 * (SANDBOX.md 2.4, S1 to S3). Called for the host by requests.c, by probe.c for the probe. */
#ifndef ORCH_SANDBOX_SUPERVISOR_START_H
#define ORCH_SANDBOX_SUPERVISOR_START_H

#include "sandbox/supervisor/super.h"

/* plugin_fd: taken on success, -1 for a clean one. On failure the host may be told at once: what
 * was begun ends and is buried without a word of its own. */
bool start_zygote(struct super *s, uint64_t id, uint32_t flags, int *plugin_fd,
                  struct super_zygote **ret, struct err *e) must_check;

#endif
