// @NAME@ -- greets whom the input names. No exception may leave run(): greet() is noexcept.
#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>

static orch_status greet(const orch_host *host, orch_run *run, const orch_ctx *ctx) noexcept
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
    sizeof(orch_agent),
    ORCH_AGENT_PURE | ORCH_AGENT_IDEMPOTENT,
    "@NAME@.greet",
    "0.1.0",
    "Greets whom the input names",
    "pure",
    nullptr, // input_schema
    nullptr, // output_schema
    nullptr, // policies
    greet,
};

ORCH_PLUGIN("@NAME@", "0.1.0", nullptr, &greet_agent);
