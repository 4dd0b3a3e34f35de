/* cmd_key.c -- `orch key show`: the public keys of a host, for those who verify elsewhere. */
#include "authority/keys/keyring.h"
#include "cli/cli.h"
#include "cli/out.h"

#include <assert.h>
#include <string.h>

static enum keyring_use use_of(const char *word)
{
    static const char *const words[KEYRING_COUNT] = {
        [KEYRING_TOKEN] = "token", [KEYRING_HOST] = "host", [KEYRING_PUBLISHER] = "publisher"};

    for (int use = 0; use < KEYRING_COUNT; use++) {
        if (strcmp(words[use], word) == 0)
            return (enum keyring_use)use;
    }
    assert(!"a choice that parse_argv let through");
    return KEYRING_COUNT;
}

static bool show(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {{"fingerprint", "fingerprint"}, {NULL, NULL}};
    auto_obj(keyring) keyring = NULL;
    auto_done(buf) pem = {0};
    auto_json facts = NULL;
    struct fingerprint fingerprint;
    const struct key_public *key;

    if (!keyring_load(cli->set.home, &keyring, e))
        return err_wrap(e, "root key of '%s'", cli->set.home);
    key = key_secret_public(keyring_key(keyring, use_of(cli_flag_text(cli, "use"))));
    key_public_pem(key, &pem);
    fingerprint = key_fingerprint(key);
    if (cli->set.format == CLI_TABLE) {
        fputs(buf_text(&pem), cli->out);
        cli_say(cli, "%s", fingerprint.text);
        return true;
    }
    facts = json_pack("{s:s, s:s, s:s}", "fingerprint", fingerprint.text, "use",
                      cli_flag_text(cli, "use"), "pem", buf_text(&pem));
    out_object(cli, columns, facts);
    return true;
}

static const struct cli_flag flags[] = {
    {.name = "use",
     .type = FLAG_CHOICE,
     .value = "USE",
     .fallback = "host",
     .choices = "host|publisher|token",
     .help = "host signs provenance and ledger heads, publisher bundles, token access tokens"},
    {.name = NULL},
};
static const struct cli_verb verbs[] = {
    {.name = "show",
     .summary = "Print a public key of this host as PEM",
     .details = "Needs ORCH_HOME with its root key. Give the file to auditors: orch verify --trust "
                "FILE, or openssl pkeyutl -verify.",
     .flags = flags,
     .handler = show},
    {.handler = NULL},
};
const struct cli_group cli_group_key = {.name = "key",
                                        .summary = "Public keys of this host",
                                        .verbs = verbs};
