/* cmd_help.c -- what the program says of itself: help, version, completion, man, config. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/out.h"
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

/* ---- help ---- */

static bool help(struct cli *cli, struct err *e)
{
    const char *group_name = cli_arg(cli, 0), *verb_name = cli_arg(cli, 1);
    const struct cli_group *group = NULL;
    const struct cli_verb *verb = NULL;
    auto_done(buf) text = {0};

    if (group_name != NULL) {
        group = cli_group_find(group_name);
        if (group == NULL)
            return err_set(e, ERR_INVALID, "no command '%s'", group_name);
    }
    if (verb_name != NULL) {
        verb = cli_verb_find(group, verb_name);
        if (verb == NULL)
            return err_set(e, ERR_INVALID, "no verb '%s' in '%s'", verb_name, group_name);
    }
    help_add(&text, group, verb);
    fputs(buf_text(&text), cli->out);
    return true;
}

static const struct cli_arg help_args[] = {
    {"COMMAND", false, false, "a command"},
    {"VERB", false, false, "a verb of it"},
    {NULL, false, false, NULL},
};
static const struct cli_verb help_verbs[] = {
    {.summary = "Show help for a command or a verb", .args = help_args, .handler = help},
    {.handler = NULL},
};
const struct cli_group cli_group_help = {.name = "help",
                                         .summary = "Help for a command or a verb",
                                         .verbs = help_verbs};

/* ---- version ---- */

static bool version(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {{"orch", "version"}, {NULL, NULL}};
    auto_json value = json_pack("{s:s}", "version", ORCH_VERSION);

    (void)e;
    out_object(cli, columns, value);
    return true;
}

static const struct cli_verb version_verbs[] = {
    {.summary = "Print the version", .handler = version},
    {.handler = NULL},
};
const struct cli_group cli_group_version = {.name = "version",
                                            .summary = "The version of this program",
                                            .verbs = version_verbs};

/* ---- completion ---- */

static bool completion(struct cli *cli, struct err *e)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};
    auto_done(buf) text = {0};

    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        if (strcmp(cli_arg(cli, 0), shells[i]) == 0) {
            complete_add(&text, shells[i]);
            fputs(buf_text(&text), cli->out);
            return true;
        }
    }
    return err_set(e, ERR_INVALID, "no completion for '%s'; there is bash, zsh and fish",
                   cli_arg(cli, 0));
}

static const struct cli_arg completion_args[] = {
    {"SHELL", true, false, "bash, zsh or fish"},
    {NULL, false, false, NULL},
};
static const struct cli_verb completion_verbs[] = {
    {.summary = "Print a completion script",
     .details = "bash: source <(orch completion bash)",
     .args = completion_args,
     .handler = completion},
    {.handler = NULL},
};
const struct cli_group cli_group_completion = {.name = "completion",
                                               .summary = "Completion for bash, zsh and fish",
                                               .verbs = completion_verbs};

/* ---- man ---- */

static bool man(struct cli *cli, struct err *e)
{
    auto_done(buf) text = {0};

    (void)e;
    man_add(&text);
    fputs(buf_text(&text), cli->out);
    return true;
}

static const struct cli_verb man_verbs[] = {
    {.summary = "Print the manual page as scdoc source",
     .details = "To read it: orch man | scdoc | man -l -",
     .handler = man},
    {.handler = NULL},
};
const struct cli_group cli_group_man = {.name = "man",
                                        .summary = "The manual page",
                                        .verbs = man_verbs};

/* ---- config ---- */

static json_t *config_rows(const struct config *config)
{
    json_t *rows = json_array();

    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        enum config_key key = (enum config_key)i;
        auto_done(buf) value = {0};

        config_add_value(config, key, &value);
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "name", config_name(key), "value",
                                              buf_text(&value), "origin",
                                              config_origin_text(config, key)));
    }
    return rows;
}

static bool config_show(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {{"NAME", "name"},
                                                {"VALUE", "value"},
                                                {"ORIGIN", "origin"},
                                                {NULL, NULL}};
    char name[] = "orchd";
    char *argv[] = {name, NULL};
    auto_obj(config) config = NULL;
    auto_json rows = NULL;
    bool help_asked;

    if (!config_load(1, argv, getenv, &config, &help_asked, e))
        return false;
    rows = config_rows(config);
    out_rows(cli, columns, rows, NULL);
    return true;
}

static const struct cli_verb config_verbs[] = {
    {.summary = "Show what orchd would be configured with here, and where each value comes from",
     .details = "Reads the environment of this shell; flags of a running orchd are not seen.",
     .handler = config_show},
    {.handler = NULL},
};
const struct cli_group cli_group_config = {.name = "config",
                                           .summary = "The host's settings and their origin",
                                           .verbs = config_verbs};
