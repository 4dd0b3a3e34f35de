/* load.c -- from sealed bytes to a table of agents. dlopen runs the plugin's constructors,
 * IFUNC resolvers and TLS initialisers: the plugin runs here, and it runs confined. */
#include "base/names.h"
#include "ipc/pack.h"
#include "sandbox/image/elf_gate.h"
#include "sandbox/worker/worker.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SYMBOL "orch_plugin_v1"

/* The gate reads the sealed memfd itself, which is what was verified and what will be mapped. */
static bool pass_gate(struct elf_facts *ret, struct err *e)
{
    struct stat st;
    void *so;
    bool ok;

    if (fstat(FD_PLUGIN, &st) < 0)
        return err_sys(e, "stat plugin");
    if (st.st_size <= 0 || st.st_size > PLUGIN_SO_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "plugin has %jd bytes, at most %d are loaded",
                       (intmax_t)st.st_size, PLUGIN_SO_BYTES_MAX);
    so = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, FD_PLUGIN, 0);
    if (so == MAP_FAILED)
        return err_sys(e, "map plugin");
    ok = elf_gate_check(so, (size_t)st.st_size, ret, e);
    munmap(so, (size_t)st.st_size);
    return ok;
}

static bool refuse(struct err *e, const char *what)
{
    return err_set(e, ERR_UNPROCESSABLE, "plugin refused: %s", what);
}

static bool check_agent(const orch_agent *agent, struct err *e)
{
    if (agent == NULL || !ORCH_HAS(agent, run) || agent->run == NULL)
        return refuse(e, "an agent without run()");
    if (agent->id == NULL || !name_is_id(agent->id, strnlen(agent->id, ORCH_ID_BYTES)))
        return refuse(e, "an agent's id is not [a-z0-9][a-z0-9._-]* of at most 127 bytes");
    if ((agent->flags & 0xffff0000u) != 0)
        return refuse(e, "an agent sets flags that this host does not know");
    return true;
}

/* Against what the gate read from the file's note. */
static bool check_note(const orch_plugin *p, const struct elf_facts *facts, struct err *e)
{
    if (p->abi_major != facts->abi_major || p->abi_minor != facts->abi_minor ||
        p->min_host_minor != facts->min_host_minor || p->flags != facts->flags)
        return refuse(e, SYMBOL " and the ABI note differ");
    if (p->id == NULL || p->version == NULL || strcmp(p->id, facts->id) != 0 ||
        strcmp(p->version, facts->version) != 0)
        return refuse(e, "id or version of " SYMBOL " and of the ABI note differ");
    return true;
}

static bool check_table(const orch_plugin *p, struct err *e)
{
    if (!ORCH_HAS(p, prepare))
        return refuse(e, SYMBOL " is too short");
    if (p->n_agents == 0 || p->n_agents > AGENTS_MAX || p->agents == NULL)
        return refuse(e, "it has no agents, or more than 256");
    for (uint32_t i = 0; i < p->n_agents; i++)
        if (!check_agent(p->agents[i], e))
            return false;
    return true;
}

static const orch_plugin *open_plugin(struct err *e)
{
    const orch_plugin *plugin;
    void *handle;

    trap_give(FD_PLUGIN); /* the loader's from here on, which closes it */
    handle = dlopen("/plugin.so", RTLD_NOW | RTLD_LOCAL);
    trap_give(-1);
    code_drop();
    plugin = handle != NULL ? dlsym(handle, SYMBOL) : NULL;
    if (plugin == NULL)
        err_set(e, ERR_UNPROCESSABLE, "plugin does not load: %s", dlerror());
    return plugin;
}

static bool prepare(const orch_plugin *plugin, struct err *e)
{
    orch_status status = plugin->prepare != NULL ? plugin->prepare(&host_table) : ORCH_OK;

    return status == ORCH_OK ||
           err_set(e, ERR_UNPROCESSABLE, "plugin refused: prepare() returned %d", status);
}

const orch_plugin *plugin_load(bool gate, struct err *e)
{
    const orch_plugin *plugin;
    struct elf_facts facts;

    if (gate && !pass_gate(&facts, e))
        return NULL;
    plugin = open_plugin(e);
    if (plugin == NULL || !check_table(plugin, e) || (gate && !check_note(plugin, &facts, e)) ||
        !prepare(plugin, e))
        return NULL;
    return plugin;
}

static void pack_agent(struct buf *b, const orch_agent *agent)
{
    pack_u32(b, agent->flags);
    pack_str(b, agent->id);
    pack_str(b, agent->version);
    pack_str(b, agent->summary);
    pack_str(b, agent->profile);
    pack_str(b, agent->input_schema);
    pack_str(b, agent->output_schema);
    pack_str(b, agent->policies);
}

bool plugin_describe(const orch_plugin *plugin, struct buf *b, struct err *e)
{
    pack_u32(b, plugin->abi_major);
    pack_u32(b, plugin->abi_minor);
    pack_str(b, plugin->id);
    pack_str(b, plugin->version);
    pack_u32(b, plugin->n_agents);
    for (uint32_t i = 0; i < plugin->n_agents && b->len <= PLUGIN_INFO_BYTES_MAX; i++)
        pack_agent(b, plugin->agents[i]);
    if (b->len > PLUGIN_INFO_BYTES_MAX)
        return refuse(e, "the texts of its agents are over 128 KiB");
    return true;
}

const orch_agent *plugin_agent(const orch_plugin *plugin, const char *id, size_t bytes)
{
    for (uint32_t i = 0; i < plugin->n_agents; i++)
        if (strlen(plugin->agents[i]->id) == bytes && memcmp(plugin->agents[i]->id, id, bytes) == 0)
            return plugin->agents[i];
    return NULL;
}
