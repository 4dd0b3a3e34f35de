/* queues.c -- see queues.h. */
#include "daemon/queues.h"

#include "daemon/host.h"
#include "engine/engine.h"

static json_t *lanes_owned(void *arg)
{
    return engine_lanes_owned(((const struct host *)arg)->engine);
}

static char *run_waits_owned(void *arg, const char *tenant, const char *run_id)
{
    return engine_run_waits_owned(((const struct host *)arg)->engine, tenant, run_id);
}

static void gauges(void *arg)
{
    engine_gauges(((const struct host *)arg)->engine);
}

void queues_serve(struct api_engine *engine)
{
    engine->lanes_owned = lanes_owned;
    engine->run_waits_owned = run_waits_owned;
    engine->gauges = gauges;
}
