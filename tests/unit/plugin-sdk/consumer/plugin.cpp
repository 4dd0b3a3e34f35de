#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>

#include <new>
#include <string>

// Uses the C++ runtime, so that its static linking and hiding are tried as well.
static orch_status echo(const orch_host *host, orch_run *run, const orch_ctx *ctx) noexcept
{
    try {
        const orch_bytes in = orch_input(ctx);
        const std::string text(static_cast<const char *>(in.ptr), in.len);

        return host->emit(run, ORCH_PORT_RESULT, orch_bytes{text.data(), text.size()});
    } catch (const std::bad_alloc &) {
        return orch_fail(host, run, ORCH_E_FATAL, "MemoryError", "out of memory");
    }
}

static const orch_agent echo_agent = {
    sizeof(orch_agent),
    0,
    "consumer.echo",
    "1.0.0",
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    echo,
};

ORCH_PLUGIN("consumer", "1.0.0", nullptr, &echo_agent);
