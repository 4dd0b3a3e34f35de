/* elf_fixture.c -- an ordinary plugin, for elf_gate_test to damage. */
#include <orch/plugin.h>

#include <math.h>
#include <stdio.h>

static orch_status run(const orch_host *host, orch_run *r, const orch_ctx *ctx)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%.3f", sqrt((double)ctx->attempt));

    return host->emit(r, ORCH_PORT_RESULT, (orch_bytes){text, (uint64_t)n});
}

static const orch_agent agent = {.size = sizeof(orch_agent), .id = "fixture.run", .run = run};

ORCH_PLUGIN("fixture", "1.2.3", NULL, &agent);
