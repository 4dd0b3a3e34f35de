/* emissions_fuzz.c -- the bytes as a facility's CSV text and as a node's whole input: no agent
 * reads outside of them, and whatever intake and validate accept, the scopes can count. */
#include "base/json.h"
#include "base/text.h"
#include "fake_host.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void as_csv(const char *text, size_t len)
{
    auto_done(fake_host) intake, validate, scope1;
    auto_done(buf) input = {0};

    fake_host_init(&intake);
    fake_host_init(&validate);
    fake_host_init(&scope1);
    buf_adds(&input, "{\"csv\":");
    buf_add_json_str(&input, text, len);
    buf_adds(&input, "}");
    if (fake_agent_run(&intake, &orch_plugin_v1, "emissions.intake", buf_text(&input), "{}", 1) !=
            ORCH_OK ||
        fake_agent_run(&validate, &orch_plugin_v1, "emissions.validate", buf_text(&intake.result),
                       "{}", 1) != ORCH_OK)
        return;
    orch_status status = fake_agent_run(&scope1, &orch_plugin_v1, "emissions.scope1",
                                        buf_text(&validate.result), "{}", 1);
    assert(status == ORCH_OK || status == ORCH_E_INTERNAL); /* a sum may overflow to infinity */
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_done(buf) text = {0};

    if (len > 64 * 1024)
        return 0;
    buf_add(&text, bytes, len);
    if (text_utf8_valid(bytes, len))
        as_csv(buf_text(&text), len);
    for (uint32_t i = 0; i < orch_plugin_v1.n_agents; i++) {
        auto_done(fake_host) host;

        fake_host_init(&host);
        fake_agent_run(&host, &orch_plugin_v1, orch_plugin_v1.agents[i]->id, buf_text(&text), "{}",
                       1);
    }
    return 0;
}
