/* queues.c -- see queues.h. */
#include "daemon/queues.h"

#include "daemon/host.h"
#include "engine/engine.h"

json_t *queues_lanes_owned(void *host)
{
    return engine_lanes_owned(((const struct host *)host)->engine);
}

char *queues_run_waits_owned(void *host, const char *tenant, const char *run_id)
{
    return engine_run_waits_owned(((const struct host *)host)->engine, tenant, run_id);
}

void queues_gauges(void *host)
{
    engine_gauges(((const struct host *)host)->engine);
}
