/* cmd_token.c -- `orch token`: made offline by whoever holds the root key, taken back by the host.
 */
#include "authority/keys/keyring.h"
#include "authority/token/token.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/out.h"

#include <string.h>

static bool copy_reason(char *out, size_t out_bytes, const char *flag, const char *text,
                        struct err *e)
{
    if (text != NULL && !text_copy(out, out_bytes, text))
        return err_set(e, ERR_INVALID, "--%s is longer than %zu bytes", flag, out_bytes - 1);
    return true;
}

/* --reason and --ticket go with every elevated scope that is asked for (stellaops.md 5.1). */
static bool fill_reasons(const struct cli *cli, struct token_request *request, struct err *e)
{
    for (int i = 0; i < ELEVATION_COUNT; i++) {
        struct token_reason *why = &request->why[i];

        if (!copy_reason(why->reason, sizeof why->reason, "reason", cli->set.reason, e) ||
            !copy_reason(why->ticket, sizeof why->ticket, "ticket", cli->set.ticket, e))
            return false;
    }
    return true;
}

static bool mint(struct cli *cli, struct err *e)
{
    auto_obj(keyring) keyring = NULL;
    auto_done(buf) token = {0};
    auto_json reply = NULL;
    struct token_claims claims;
    struct token_request request = {
        .subject = cli_flag_text(cli, "subject"),
        .tenant = cli->set.tenant != NULL ? cli->set.tenant : "default",
        .ttl_s = cli_flag_ms(cli, "ttl") / 1000,
    };
    char expires[CLOCK_TEXT_BYTES];

    if (!token_scopes_parse(cli_flag_text(cli, "scope"), &request.scopes, e) ||
        !fill_reasons(cli, &request, e))
        return false;
    if (!keyring_load(cli->set.home, &keyring, e))
        return err_wrap(e, "root key of '%s'", cli->set.home);
    if (!token_mint(keyring_key(keyring, KEYRING_TOKEN), &request, clock_wall_us(), &token, &claims,
                    e))
        return false;
    clock_text(claims.expires_s * 1000000, expires);
    reply = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "token", buf_text(&token), "id", claims.id,
                      "subject", claims.subject, "tenant", claims.tenant, "scope",
                      cli_flag_text(cli, "scope"), "expires", expires);
    out_id(cli, buf_text(&token), reply);
    cli_say(cli, "token %s for %s, tenant %s, until %s", claims.id, claims.subject, claims.tenant,
            expires);
    return true;
}

static bool token_revoke(struct cli *cli, struct err *e)
{
    const char *token_id = cli_arg(cli, 0);
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/admin/tokens");
    client_path_add(&path, token_id);
    buf_adds(&path, ":revoke");
    if (!client_send(cli, "POST", buf_text(&path), NULL, &reply, e))
        return err_wrap(e, "revoke");
    out_id(cli, token_id, reply);
    return true;
}

static const struct cli_flag flags[] = {
    {.name = "subject",
     .type = FLAG_TEXT,
     .required = true,
     .value = "NAME",
     .help = "who will use it; stands in the audit"},
    {.name = "scope",
     .type = FLAG_TEXT,
     .value = "SCOPES",
     .fallback = "orchestrator:read",
     .help = "scopes, separated by blanks"},
    {.name = "ttl",
     .type = FLAG_DURATION,
     .value = "TIME",
     .fallback = "1h",
     .help = "how long it is good"},
    {.name = NULL},
};
static const struct cli_arg revoke_args[] = {
    {"ID", true, false, "the token's id (jti)"},
    {NULL, false, false, NULL},
};
static const struct cli_verb verbs[] = {
    {.name = "mint",
     .summary = "Make an access token with the root key of ORCH_HOME",
     .details = "The token is for the tenant of --tenant. The scopes orch:operate, orch:quota and "
                "orch:backfill need --reason and --ticket, which become claims of it.",
     .flags = flags,
     .handler = mint},
    {.name = "revoke",
     .summary = "Take a token back before its time",
     .details = "When it returns the token opens nothing and its streams have ended. The id is "
                "the one that mint says, and stands in the ledger (audit.token_minted).",
     .args = revoke_args,
     .needs_server = true,
     .handler = token_revoke},
    {.handler = NULL},
};
const struct cli_group cli_group_token = {.name = "token",
                                          .summary = "Access tokens",
                                          .verbs = verbs};
