// throwing.cpp -- a plugin whose agent lets an exception out of run(), which the ABI forbids.
#include <orch/plugin.h>

#include <stdexcept>

static orch_status run(const orch_host *, orch_run *, const orch_ctx *)
{
    throw std::runtime_error("let out");
}

static const orch_agent agent = {
    sizeof(orch_agent), 0, "hostile", "1", nullptr, nullptr, nullptr, nullptr, nullptr, run};

ORCH_PLUGIN("throwing", "1.0.0", nullptr, &agent);
