/* order.h -- a decided attempt: what the commit leaves to attempts, and attempts give to the
 * sandbox. Not part of anything: its owner frees it. */
#ifndef ORCH_ENGINE_ATTEMPTS_ORDER_H
#define ORCH_ENGINE_ATTEMPTS_ORDER_H

#include "engine/runs/active_run.h"

struct tenant_line;

struct attempt_order {
    struct active_run *ar;
    struct attempt_ref ref;
    char *node_id;
    char *agent_id;
    char *config;
    size_t config_bytes;
    char *input;
    size_t input_bytes;
    bool input_too_large; /* it was not written */
    int64_t timeout_ns;
    uint64_t seed;
    struct tenant_line *line; /* of queue.h, from queue_add until it ended or was removed */
    TAILQ_ENTRY(attempt_order) link;
};

void attempt_order_free(struct attempt_order *order); /* accepts NULL */

#endif
