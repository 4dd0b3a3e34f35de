/* installed.c -- `orch plugin list|refresh|release`: the bundles of a running host. */
#include "cli/client.h"
#include "cli/out.h"
#include "cli/plugin/cmd_plugin.h"

#include <string.h>
#include <time.h>

/* Longer than a plugin may take to load (struct sandbox_options). */
enum { SETTLE_TRIES = 600, SETTLE_WAIT_MS = 100 };

static const struct out_column columns[] = {
    {"BUNDLE", "file"},   {"VERDICT", "verdict"}, {"PLUGIN", "pluginId"}, {"VERSION", "version"},
    {"SIGNER", "signer"}, {"ALLOWED", "allowed"}, {"REASON", "reason"},   {NULL, NULL},
};

static bool fetch(struct cli *cli, json_t **ret, struct err *e)
{
    return client_get(cli, "/admin/plugins", ret, e) || err_wrap(e, "plugins");
}

bool plugin_installed_list(struct cli *cli, struct err *e)
{
    auto_json reply = NULL;

    if (!fetch(cli, &reply, e))
        return false;
    out_rows(cli, columns, json_object_get(reply, "items"), reply);
    return true;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Every bundle has its verdict, or what was asked last when that takes too long. */
static bool fetch_settled(struct cli *cli, json_t **ret, struct err *e)
{
    for (int i = 0; i < SETTLE_TRIES; i++) {
        auto_json reply = NULL;

        if (!fetch(cli, &reply, e))
            return false;
        if (json_is_true(json_object_get(reply, "settled"))) {
            *ret = take(reply);
            return true;
        }
        pause_ms(SETTLE_WAIT_MS);
    }
    return err_set(e, ERR_TIMEOUT, "the host has not finished with its bundles in %d s",
                   SETTLE_TRIES * SETTLE_WAIT_MS / 1000);
}

static bool all_ready(const json_t *rows)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        const char *verdict = json_string_value(json_object_get(row, "verdict"));

        if (verdict == NULL || (strcmp(verdict, "ready") != 0 && strcmp(verdict, "removed") != 0) ||
            json_object_get(row, "notStored") != NULL)
            return false;
    }
    return true;
}

bool plugin_refresh(struct cli *cli, struct err *e)
{
    auto_json warmed = NULL;
    auto_json reply = NULL;

    if (!client_send(cli, "POST", "/admin/warm", NULL, &warmed, e))
        return err_wrap(e, "refresh");
    if (!fetch_settled(cli, &reply, e))
        return false;
    out_rows(cli, columns, json_object_get(reply, "items"), reply);
    if (!all_ready(json_object_get(reply, "items")))
        cli_exit(cli, CLI_EXIT_FAILED);
    return true;
}

static bool with_digest(struct cli *cli, const char *what, struct err *e)
{
    const char *digest = cli_arg(cli, 0);
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/admin/plugins");
    client_path_add(&path, digest);
    buf_addf(&path, ":%s", what);
    if (!client_send(cli, "POST", buf_text(&path), NULL, &reply, e))
        return err_wrap(e, "%s", what);
    out_id(cli, digest, reply);
    return true;
}

bool plugin_release(struct cli *cli, struct err *e)
{
    return with_digest(cli, "release", e);
}

bool plugin_installed_remove(struct cli *cli, struct err *e)
{
    return with_digest(cli, "remove", e);
}
