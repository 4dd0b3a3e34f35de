/* plugin.c -- says which version of itself it is; built once for each VERSION of test_versions.py,
 * and once as another PLUGIN with the same agent for test_names.py. */
#ifndef PLUGIN
#define PLUGIN "versioned"
#endif
#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>

static orch_status say(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    orch_out out = orch_out_new(host, run);

    (void)ctx;
    orch_out_mark(&out, '{');
    orch_out_key(&out, "version");
    orch_out_str(&out, VERSION);
    orch_out_mark(&out, '}');
    return orch_out_emit(&out);
}

static const orch_agent say_agent = {
    .size = sizeof(orch_agent),
    .flags = ORCH_AGENT_PURE | ORCH_AGENT_IDEMPOTENT,
    .id = "versioned.say",
    .version = "1.0.0",
    .summary = "Returns the version of its plugin",
    .profile = "pure",
    .run = say,
};

ORCH_PLUGIN(PLUGIN, VERSION, NULL, &say_agent);
