/* check.c -- `orch plugin check`: the load gate over the bytes, then a load in the real
 * sandbox, where the plugin's own list of agents meets its manifest. */
#include "base/mem.h"
#include "cli/out.h"
#include "cli/plugin/cmd_plugin.h"
#include "cli/plugin/lab.h"
#include "cli/plugin/project.h"

static json_t *facts_of(const struct plugin_image *image, size_t agents)
{
    const struct elf_facts *f = &image->facts;
    auto_mem char *abi = mem_printf("%u.%u", f->abi_major, f->abi_minor);
    auto_mem char *glibc = mem_printf("GLIBC_2.%u", f->glibc_minor);

    return json_pack("{ss ss ss ss sI sI sb ss}", "id", f->id, "version", f->version, "abi", abi,
                     "needs", glibc, "bytes", (json_int_t)image->so.len, "agents",
                     (json_int_t)agents, "manifest", image->manifest != NULL, "digest",
                     sha256_hex(image->so.data, image->so.len).text);
}

bool plugin_check(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"ID", "id"},       {"VERSION", "version"}, {"ABI", "abi"},           {"NEEDS", "needs"},
        {"BYTES", "bytes"}, {"AGENTS", "agents"},   {"MANIFEST", "manifest"}, {"SHA256", "digest"},
        {NULL, NULL},
    };
    auto_obj(plugin_image) image = NULL;
    auto_obj(lab) lab = NULL;
    auto_json facts = NULL;
    size_t agents;

    if (!plugin_image_load(cli_arg(cli, 0) != NULL ? cli_arg(cli, 0) : ".", &image, e) ||
        !lab_open(image, cli->set.timeout_ms, &lab, e))
        return false;
    lab_agents(lab, &agents);
    facts = facts_of(image, agents);
    out_object(cli, columns, facts);
    return true;
}
