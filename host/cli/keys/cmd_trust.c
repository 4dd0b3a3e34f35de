/* cmd_trust.c -- `orch trust`: the entries of ORCH_HOME/trust. A host that runs is told, so that
 * what changes holds at once; without one it holds from its next start. */
#include "authority/trust/trust.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/out.h"
#include "cli/settings.h"

#include <string.h>

static char *trust_dir(const struct cli *cli)
{
    return mem_printf("%s/trust", cli->set.home);
}

static const struct out_column columns[] = {
    {"KEY", "fingerprint"},    {"NAME", "name"},
    {"ROLES", "roles"},        {"TENANTS", "tenants"},
    {"PLUGINS", "plugins"},    {"AGENTS", "agents"},
    {"PROFILES", "profiles"},  {"ISOLATION", "isolation"},
    {"REVOKED", "revoked.at"}, {NULL, NULL},
};

static json_t *shown(const struct trust_entry *entry)
{
    json_t *row = json_pack("{s:s}", "fingerprint", entry->fingerprint.text);

    json_object_update(row, entry->json);
    return row;
}

static bool list_keys(struct cli *cli, struct err *e)
{
    auto_mem char *dir = trust_dir(cli);
    auto_json rows = json_array();
    auto_obj(trust) trust = NULL;

    if (!trust_load(dir, &trust, e))
        return false;
    for (size_t i = 0; i < trust_count(trust); i++)
        json_array_append_new(rows, shown(trust_at(trust, i)));
    out_rows(cli, columns, rows, NULL);
    return true;
}

/* ---- a host that runs ---- */

static bool tell_host(struct cli *cli, struct err *e)
{
    auto_json reply = NULL;
    struct err why = {0};

    if (settings_token(cli, &why) && client_send(cli, "POST", "/admin/warm", NULL, &reply, &why)) {
        cli_say(cli, "the host at %s acts on it now; see orch plugin list", cli->set.url);
        return true;
    }
    if (cli->exit == CLI_EXIT_OFFLINE) {
        cli_exit(cli, CLI_EXIT_OK);
        cli_say(cli, "no host answers at %s: it holds from the next start", cli->set.url);
        return true;
    }
    *e = why;
    return err_wrap(e, "the entry is written, but the host at %s was not told", cli->set.url);
}

/* ---- add ---- */

/* "a, b" as ["a", "b"]; nothing when the flag was not given. */
static void set_list(const struct cli *cli, json_t *entry, const char *member, const char *flag)
{
    auto_mem char *words = mem_str(cli_flag_text(cli, flag));
    json_t *texts = json_array();
    char *left = NULL, *word;

    for (word = words != NULL ? strtok_r(words, ", ", &left) : NULL; word != NULL;
         word = strtok_r(NULL, ", ", &left))
        json_array_append_new(texts, json_string(word));
    if (words != NULL)
        json_object_set(entry, member, texts);
    json_decref(texts);
}

static bool entry_of(const struct cli *cli, struct buf *ret, struct err *e)
{
    struct key_public key;
    auto_done(buf) pem = {0};
    auto_json entry = NULL;

    if (!key_public_load(cli_flag_text(cli, "key"), &key, e))
        return false;
    key_public_pem(&key, &pem);
    entry =
        json_pack("{s:s, s:s}", "name", cli_flag_text(cli, "name"), "public_key", buf_text(&pem));
    if (entry == NULL)
        return err_set(e, ERR_INVALID, "--name is not UTF-8");
    set_list(cli, entry, "roles", "roles");
    set_list(cli, entry, "tenants", "tenants");
    set_list(cli, entry, "plugins", "plugins");
    set_list(cli, entry, "agents", "agents");
    set_list(cli, entry, "profiles", "profiles");
    set_list(cli, entry, "network", "network");
    if (cli_flag_bool(cli, "warm"))
        json_object_set_new(entry, "isolation", json_pack("[s]", TRUST_WARM));
    json_add_compact(ret, entry);
    return true;
}

static bool add_key(struct cli *cli, struct err *e)
{
    auto_mem char *dir = trust_dir(cli);
    auto_obj(trust) trust = NULL;
    auto_done(buf) text = {0};
    auto_json reply = NULL;
    const struct trust_entry *entry;

    if (!entry_of(cli, &text, e) || !dir_make(dir, 0755, e) || !trust_load(dir, &trust, e) ||
        !trust_add(trust, buf_text(&text), text.len, &entry, e) || !trust_save(entry, dir, e))
        return false;
    reply = shown(entry);
    out_id(cli, entry->fingerprint.text, reply);
    return tell_host(cli, e);
}

/* ---- revoke ---- */

static bool revoke_key(struct cli *cli, struct err *e)
{
    auto_mem char *dir = trust_dir(cli);
    auto_obj(trust) trust = NULL;
    auto_json reply = NULL;
    const struct trust_entry *entry;

    if (cli->set.reason == NULL)
        return err_set(e, ERR_INVALID, "a key is revoked for a reason: --reason TEXT");
    if (!trust_load(dir, &trust, e) ||
        !trust_revoke(trust, cli_arg(cli, 0), cli->set.reason, clock_wall_us(), &entry, e) ||
        !trust_save(entry, dir, e))
        return false;
    reply = shown(entry);
    out_id(cli, entry->fingerprint.text, reply);
    return tell_host(cli, e);
}

/* ---- the table ---- */

static const struct cli_flag add_flags[] = {
    {.name = "key",
     .type = FLAG_FILE,
     .required = true,
     .value = "FILE",
     .help = "the public key (PEM)"},
    {.name = "name",
     .type = FLAG_TEXT,
     .required = true,
     .value = "NAME",
     .help = "what the key is called in lists and refusals"},
    {.name = "roles",
     .type = FLAG_TEXT,
     .value = "LIST",
     .fallback = "publisher",
     .help = "what it may sign: publisher, dag, host"},
    {.name = "tenants",
     .type = FLAG_TEXT,
     .required = true,
     .value = "LIST",
     .help = "patterns of the tenants that it counts for"},
    {.name = "plugins",
     .type = FLAG_TEXT,
     .value = "LIST",
     .help = "patterns of the plugin ids that it may sign"},
    {.name = "agents",
     .type = FLAG_TEXT,
     .value = "LIST",
     .help = "patterns of the agent ids that its plugins may have, as acme.*"},
    {.name = "profiles",
     .type = FLAG_TEXT,
     .value = "LIST",
     .fallback = "pure",
     .help = "sandbox profiles that its plugins may ask for"},
    {.name = "network",
     .type = FLAG_TEXT,
     .value = "LIST",
     .help = "patterns of host:port that its plugins may ask for"},
    {.name = "warm",
     .type = FLAG_BOOL,
     .help = "let attempts of its plugins share a loaded plugin (isolation warm)"},
    {.name = NULL},
};
static const struct cli_arg revoke_args[] = {
    {"KEY", true, false, "the fingerprint, from orch trust list"},
    {NULL, false, false, NULL},
};
static const struct cli_verb verbs[] = {
    {.name = "list",
     .summary = "List the trusted keys and what is granted to them",
     .handler = list_keys},
    {.name = "add",
     .summary = "Trust a key, for what is named",
     .details = "What is not named is not granted: no plugins, no agents. Lists have commas and "
                "hold patterns (*, ?, [..]). Writes ORCH_HOME/trust/KEY.json and tells a host that "
                "runs.",
     .flags = add_flags,
     .handler = add_key},
    {.name = "revoke",
     .summary = "Trust a key no more; its plugins end at once",
     .details = "Needs --reason. A host that runs is told: attempts of plugins that the key signed "
                "end as revoked, and new runs of them are refused with the reason.",
     .args = revoke_args,
     .handler = revoke_key},
    {.handler = NULL},
};
const struct cli_group cli_group_trust = {.name = "trust",
                                          .summary = "Whose signatures count, for what",
                                          .verbs = verbs};
