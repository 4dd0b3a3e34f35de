/* words.c -- see words.h. */
#include "bundle/words.h"

#include <orch/plugin.h>

#include <string.h>

static bool text_agrees(const char *field, const char *said, const char *wanted, struct err *e)
{
    return strcmp(said, wanted) == 0 ||
           err_set(e, ERR_UNPROCESSABLE, "%s: the plugin says '%.128s', its manifest '%.128s'",
                   field, said, wanted);
}

static bool number_agrees(const char *field, uint32_t said, uint32_t wanted, struct err *e)
{
    return said == wanted ||
           err_set(e, ERR_UNPROCESSABLE, "%s: the plugin says %u, its manifest %u", field, said,
                   wanted);
}

static bool flag_agrees(const char *field, uint32_t flags, uint32_t flag, bool wanted,
                        struct err *e)
{
    return number_agrees(field, (flags & flag) != 0, wanted, e);
}

static const struct sandbox_agent *said_agent(const struct sandbox_plugin_info *said,
                                              const char *id)
{
    for (uint32_t i = 0; i < said->n_agents; i++)
        if (strcmp(said->agents[i].id, id) == 0)
            return &said->agents[i];
    return NULL;
}

const char *plugin_says_profile(const struct sandbox_agent *said)
{
    return said->profile == NULL || said->profile[0] == '\0' ? "pure" : said->profile;
}

static bool agent_agrees(const struct manifest_agent *m, const struct sandbox_agent *said,
                         struct err *e)
{
    return text_agrees("version", said->version, m->version, e) &&
           text_agrees("profile", plugin_says_profile(said), m->profile, e) &&
           flag_agrees("pure", said->flags, ORCH_AGENT_PURE, m->pure, e) &&
           flag_agrees("idempotent", said->flags, ORCH_AGENT_IDEMPOTENT, m->idempotent, e);
}

/* Each of the manifest's is there, and there are no more: ids of a manifest are all different. */
static bool agents_agree(const struct manifest *m, const struct sandbox_plugin_info *said,
                         struct err *e)
{
    for (uint32_t i = 0; i < said->n_agents; i++)
        if (manifest_agent_find(m, said->agents[i].id) == NULL)
            return err_set(e, ERR_UNPROCESSABLE,
                           "agents: the plugin has '%.128s', its manifest does not name it",
                           said->agents[i].id);
    for (size_t i = 0; i < m->agent_count; i++) {
        const struct sandbox_agent *agent = said_agent(said, m->agents[i].id);

        if (agent == NULL)
            return err_set(e, ERR_UNPROCESSABLE,
                           "agents: the manifest names '%s', the plugin does not have it",
                           m->agents[i].id);
        if (!agent_agrees(&m->agents[i], agent, e))
            return err_wrap(e, "agent '%s'", m->agents[i].id);
    }
    return number_agrees("number of agents", said->n_agents, (uint32_t)m->agent_count, e);
}

bool manifest_agrees(const struct manifest *m, const struct sandbox_plugin_info *said,
                     struct err *e)
{
    return text_agrees("id", said->id, m->id, e) &&
           text_agrees("version", said->version, m->version, e) &&
           (m->library == NULL || number_agrees("abi.major", said->abi_major, m->abi_major, e)) &&
           agents_agree(m, said, e);
}

struct sandbox_plugin_info manifest_words(const struct manifest *m, struct sandbox_agent *agents)
{
    for (size_t i = 0; i < m->agent_count; i++)
        agents[i] = (struct sandbox_agent){
            .id = m->agents[i].id,
            .version = m->agents[i].version,
            .profile = m->agents[i].profile,
            .flags = (m->agents[i].pure ? ORCH_AGENT_PURE : 0) |
                     (m->agents[i].idempotent ? ORCH_AGENT_IDEMPOTENT : 0),
        };
    return (struct sandbox_plugin_info){
        .id = m->id,
        .version = m->version,
        .abi_major = m->abi_major,
        .abi_minor = m->abi_minor,
        .agents = agents,
        .n_agents = (uint32_t)m->agent_count,
    };
}
