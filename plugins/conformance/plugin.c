/* conformance -- one agent that does what its node's config says. Members of the config, all
 * optional; a wrong type is ORCH_E_INPUT, so that a typing mistake in a test is seen:
 *
 *   sleep_s        seconds to sleep first, honouring cancellation
 *   fail_times     the attempts 1..n fail, as error_class (RuntimeError) with error_message
 *   echo_input     true: the result is {"in": the node's input}
 *   return         otherwise the result, any JSON value; {} when absent */
#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>

#define SLEEP_S_MAX 86400.0

struct stub {
    double sleep_s;
    int64_t fail_times;
    bool echo_input;
    orch_bytes error_class, error_message;
    orch_json ret;
};

/* Absent keeps the default that is in *ret. */
static bool text_option(const orch_host *host, orch_run *run, orch_json config, const char *key,
                        orch_bytes *ret)
{
    orch_json value = orch_json_get(config, key);

    return orch_json_kind(value) == 0 || orch_json_text(host, run, value, ret);
}

/* NULL, or the member that is wrong. */
static const char *stub_read(const orch_host *host, orch_run *run, orch_json config,
                             struct stub *ret)
{
    orch_json sleep_s = orch_json_get(config, "sleep_s");
    orch_json fail_times = orch_json_get(config, "fail_times");
    orch_json echo_input = orch_json_get(config, "echo_input");

    if (orch_json_kind(sleep_s) != 0 && (!orch_json_number(sleep_s, &ret->sleep_s) ||
                                         ret->sleep_s < 0 || ret->sleep_s > SLEEP_S_MAX))
        return "sleep_s";
    if (orch_json_kind(fail_times) != 0 &&
        (!orch_json_int(fail_times, &ret->fail_times) || ret->fail_times < 0))
        return "fail_times";
    if (orch_json_kind(echo_input) != 0 && !orch_json_bool(echo_input, &ret->echo_input))
        return "echo_input";
    if (!text_option(host, run, config, "error_class", &ret->error_class))
        return "error_class";
    if (!text_option(host, run, config, "error_message", &ret->error_message))
        return "error_message";
    ret->ret = orch_json_get(config, "return");
    return NULL;
}

static orch_status stub_emit(const orch_host *host, orch_run *run, const orch_ctx *ctx,
                             const struct stub *stub)
{
    orch_out out = orch_out_new(host, run);
    orch_json input;

    if (stub->echo_input) {
        if (!orch_json_parse(orch_input(ctx), &input))
            return orch_fail(host, run, ORCH_E_INPUT, "ValueError", "the input is not JSON");
        orch_out_mark(&out, '{');
        orch_out_key(&out, "in");
        orch_out_json(&out, input);
        orch_out_mark(&out, '}');
    } else if (orch_json_kind(stub->ret) != 0) {
        orch_out_json(&out, stub->ret);
    } else {
        orch_out_mark(&out, '{');
        orch_out_mark(&out, '}');
    }
    return orch_out_emit(&out);
}

static orch_status stub_run(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    struct stub stub = {.error_class = orch_text("RuntimeError"),
                        .error_message = orch_text("Node failed")};
    const char *wrong;
    orch_json config;
    orch_status slept;

    if (!orch_json_parse(orch_config(ctx), &config) || orch_json_kind(config) != '{')
        return orch_fail(host, run, ORCH_E_INPUT, "ValueError", "the config is not a JSON object");
    wrong = stub_read(host, run, config, &stub);
    if (wrong != NULL)
        return orch_fail(host, run, ORCH_E_INPUT, "ValueError", "config.%s is wrong", wrong);

    slept = orch_sleep_ms(host, run, (uint64_t)(stub.sleep_s * 1000));
    if (slept != ORCH_OK)
        return orch_fail(host, run, slept, "CancelledError", "cancelled while asleep");
    if ((int64_t)ctx->attempt <= stub.fail_times) {
        host->set_error(run, (const char *)stub.error_class.ptr, stub.error_message);
        return ORCH_E_TRANSIENT;
    }
    return stub_emit(host, run, ctx, &stub);
}

static const orch_agent stub_agent = {
    .size = sizeof(orch_agent),
    .flags = ORCH_AGENT_IDEMPOTENT,
    .id = "conformance.stub",
    .version = "1.0.0",
    .summary = "Sleeps, fails or returns, as its config says",
    .profile = "pure",
    .run = stub_run,
};

ORCH_PLUGIN("conformance", "1.0.0", NULL, &stub_agent);
