/* ceilings.c -- see ceilings.h. */
#include "engine/catalog/ceilings.h"

/* What the sandbox gives to a node that asks for nothing (struct attempt_limits). */
#define MEMORY_BYTES_UNASKED (256LL << 20)
#define CPU_MS_UNASKED (600 * 1000LL)
#define LOG_BYTES_UNASKED (256 * 1024LL)

static bool allow(const char *field, const char *setting, int64_t asked, int64_t ceiling,
                  struct err *e)
{
    return ceiling == 0 || asked <= ceiling ||
           err_set(e, ERR_UNPROCESSABLE,
                   "limits.%s: %lld is asked, this host gives at most %lld "
                   "(%s)",
                   field, (long long)asked, (long long)ceiling, setting);
}

bool ceilings_allow_node(const struct engine_ceilings *c, const struct dag_node *node,
                         struct err *e)
{
    const struct node_limits *l = &node->limits;

    return (allow("memory_bytes", "node-memory-max-mib", l->memory_bytes, c->memory_bytes, e) &&
            allow("cpu_ms", "node-cpu-max-seconds", l->cpu_ms, c->cpu_ms, e) &&
            allow("output_bytes", "node-output-max-kib", l->output_bytes, c->output_bytes, e) &&
            allow("log_bytes", "node-log-max-kib", l->log_bytes, c->log_bytes, e)) ||
           err_wrap(e, "node '%s'", node->node_id);
}

bool ceilings_allow(const struct engine_ceilings *ceilings, const struct dag *dag, struct err *e)
{
    for (size_t i = 0; i < dag->node_count; i++) {
        if (!ceilings_allow_node(ceilings, &dag->nodes[i], e))
            return false;
    }
    return true;
}

/* 0 leaves it to the sandbox. */
static uint64_t limit(int64_t asked, int64_t unasked, int64_t ceiling)
{
    if (asked == 0 && ceiling != 0 && ceiling < unasked)
        return (uint64_t)ceiling;
    return (uint64_t)asked;
}

struct attempt_limits ceilings_limits(const struct engine_ceilings *c,
                                      const struct node_limits *asked)
{
    return (struct attempt_limits){
        .memory_bytes = limit(asked->memory_bytes, MEMORY_BYTES_UNASKED, c->memory_bytes),
        .cpu_ms = limit(asked->cpu_ms, CPU_MS_UNASKED, c->cpu_ms),
        .output_bytes = limit(asked->output_bytes, NODE_OUTPUT_BYTES_MAX, c->output_bytes),
        .log_bytes = limit(asked->log_bytes, LOG_BYTES_UNASKED, c->log_bytes),
    };
}
