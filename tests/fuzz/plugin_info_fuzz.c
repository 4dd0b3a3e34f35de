/* plugin_info_fuzz.c -- any bytes as a plugin's description of itself. */
#include "base/text.h"
#include "sandbox/image/plugin_info.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct err e;
    auto_obj(plugin_info) info = plugin_info_read(bytes, len, &e);

    if (info == NULL) {
        assert(e.code == ERR_UNPROCESSABLE);
        return 0;
    }
    assert(info->public.n_agents > 0 && info->public.n_agents <= AGENTS_MAX);
    for (uint32_t i = 0; i < info->public.n_agents; i++)
        assert(text_utf8_valid(info->agents[i].id, strlen(info->agents[i].id)));
    return 0;
}
