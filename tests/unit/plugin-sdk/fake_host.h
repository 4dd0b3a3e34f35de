/* fake_host.h -- a host in memory, for running an agent's function without a sandbox: what it
 * emits, reports and logs is kept for the test to look at. One attempt an object. */
#ifndef ORCH_TESTS_FAKE_HOST_H
#define ORCH_TESTS_FAKE_HOST_H

#include "base/buf.h"

#include <orch/plugin.h>

#define FAKE_ARENA_BYTES_MAX (8u * 1024 * 1024)
enum { FAKE_BLOCKS_MAX = 4096 };

struct fake_host {
    orch_host table; /* what the plugin sees; the run handle is this object */
    void *blocks[FAKE_BLOCKS_MAX];
    size_t block_count;
    uint64_t arena_bytes, arena_bytes_max;
    struct buf result;
    unsigned results;
    struct buf error_class, error_message;
    struct buf log;
    int stop_after; /* should_stop says yes from this call on; -1: never */
    int stop_calls;
    const char *secret_name, *secret_value;
};

void fake_host_init(struct fake_host *host);
void fake_host_done(struct fake_host *host);
DEFINE_AUTO_DONE(fake_host)

orch_run *fake_run(struct fake_host *host);

/* Runs one agent of a plugin: its status, or INT32_MIN when the plugin has no such agent. */
orch_status fake_agent_run(struct fake_host *host, const orch_plugin *plugin, const char *agent,
                           const char *input, const char *config, uint32_t attempt);

#endif
