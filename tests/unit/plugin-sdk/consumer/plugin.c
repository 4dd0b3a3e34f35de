#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>

static orch_status echo(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    return host->emit(run, ORCH_PORT_RESULT, orch_input(ctx));
}

static const orch_agent echo_agent = {
    .size = sizeof(orch_agent),
    .id = "consumer.echo",
    .version = "1.0.0",
    .run = echo,
};

ORCH_PLUGIN("consumer", "1.0.0", NULL, &echo_agent);
