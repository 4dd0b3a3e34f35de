/* plugin_info.c -- see plugin_info.h. */
#include "sandbox/image/plugin_info.h"

#include "base/mem.h"
#include "base/text.h"
#include "ipc/pack.h"

#include <assert.h>
#include <string.h>

static const char *text_field(struct plugin_info *info, struct unpack *u)
{
    char *text = unpack_str_owned(u, PLUGIN_INFO_BYTES_MAX);

    if (!text_utf8_valid(text, strlen(text)))
        u->failed = true;
    assert(info->text_count < INFO_TEXTS_MAX);
    info->texts[info->text_count++] = text;
    return text;
}

static void agent_fields(struct plugin_info *info, struct unpack *u, struct sandbox_agent *agent)
{
    agent->flags = unpack_u32(u);
    agent->id = text_field(info, u);
    agent->version = text_field(info, u);
    agent->summary = text_field(info, u);
    agent->profile = text_field(info, u);
    agent->input_schema = text_field(info, u);
    agent->output_schema = text_field(info, u);
    agent->policies = text_field(info, u);
}

struct plugin_info *plugin_info_read(const void *bytes, size_t len, struct err *e)
{
    auto_obj(plugin_info) info = mem_new(struct plugin_info);
    struct sandbox_plugin_info *public = &info->public;
    struct unpack u = unpack_of(bytes, len);

    public->abi_major = unpack_u32(&u);
    public->abi_minor = unpack_u32(&u);
    public->id = text_field(info, &u);
    public->version = text_field(info, &u);
    public->n_agents = unpack_u32(&u);
    public->agents = info->agents;
    for (uint32_t i = 0; i < public->n_agents && i < AGENTS_MAX; i++)
        agent_fields(info, &u, &info->agents[i]);
    if (!unpack_end(&u, NULL) || public->n_agents == 0 || public->n_agents > AGENTS_MAX ||
        public->id[0] == '\0') {
        err_set(e, ERR_UNPROCESSABLE, "plugin's description cannot be read");
        return NULL;
    }
    return take(info);
}

void plugin_info_free(struct plugin_info *info)
{
    for (size_t i = 0; info != NULL && i < info->text_count; i++)
        free(info->texts[i]);
    free(info);
}
