/* abi_probe.c -- a plugin that touches every type of the ABI, so that abidiff sees them all. */
#include <orch/plugin.h>

static const void *probe_ext(const char *id)
{
    static const orch_secret_v1 secret = {sizeof(orch_secret_v1), 0, NULL};

    return id != NULL ? &secret : NULL;
}

static orch_status probe_prepare(const orch_host *host)
{
    return host->size >= sizeof(orch_host) ? ORCH_OK : ORCH_E_UNSUPPORTED;
}

static orch_status probe_run(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    return host->emit(run, ORCH_PORT_RESULT, ctx->inputs[0]);
}

static const orch_agent probe_agent = {
    .size = sizeof(orch_agent),
    .id = "probe.run",
    .version = "1.0.0",
    .run = probe_run,
};
static const orch_agent *const probe_agents[] = {&probe_agent};

const orch_plugin orch_plugin_v1 = {
    .size = sizeof(orch_plugin),
    .abi_major = ORCH_ABI_MAJOR,
    .abi_minor = ORCH_ABI_MINOR,
    .n_agents = 1,
    .id = "probe",
    .version = "1.0.0",
    .agents = probe_agents,
    .prepare = probe_prepare,
    .ext = probe_ext,
};
