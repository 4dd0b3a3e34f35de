/* @NAME@ -- greets whom the input names. */
#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>

static orch_status greet(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    orch_out out = orch_out_new(host, run);
    orch_json input;
    orch_bytes who;

    if (!orch_json_parse(orch_input(ctx), &input))
        return orch_fail(host, run, ORCH_E_INPUT, "ValueError", "the input is not JSON");
    if (!orch_json_text(host, run, orch_json_get(input, "name"), &who))
        return orch_fail(host, run, ORCH_E_INPUT, "ValueError", "name: a text is needed");
    if (host->should_stop(run))
        return ORCH_E_CANCELLED;

    orch_log(host, run, ORCH_LOG_INFO, "attempt %u", ctx->attempt);
    orch_out_mark(&out, '{');
    orch_out_key(&out, "hello");
    orch_out_text(&out, who);
    orch_out_mark(&out, '}');
    return orch_out_emit(&out);
}

static const orch_agent greet_agent = {
    .size = sizeof(orch_agent),
    .flags = ORCH_AGENT_PURE | ORCH_AGENT_IDEMPOTENT,
    .id = "@NAME@.greet",
    .version = "0.1.0",
    .summary = "Greets whom the input names",
    .profile = "pure",
    .run = greet,
};

ORCH_PLUGIN("@NAME@", "0.1.0", NULL, &greet_agent);
