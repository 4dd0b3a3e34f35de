/* cli.c -- what handlers ask of the command line; see cli.h. */
#include "cli/cli.h"

#include "cli/client.h"
#include "cli/parse.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void cli_done(struct cli *cli)
{
    client_free(cli->client);
    free(cli->token_owned);
    free(cli->run_id_owned);
    memset(cli, 0, sizeof *cli);
}

const struct cli_group *cli_group_find(const char *name)
{
    for (size_t i = 0; cli_groups[i] != NULL; i++) {
        if (strcmp(cli_groups[i]->name, name) == 0)
            return cli_groups[i];
    }
    return NULL;
}

const struct cli_verb *cli_verb_find(const struct cli_group *group, const char *name)
{
    for (const struct cli_verb *verb = group->verbs; verb->handler != NULL; verb++) {
        if (verb->name != NULL && strcmp(verb->name, name) == 0)
            return verb;
    }
    return NULL;
}

static size_t flag_index(const struct cli *cli, const char *name)
{
    for (size_t i = 0; i < cli->flag_count; i++) {
        if (strcmp(cli->flags[i]->name, name) == 0)
            return i;
    }
    assert(!"a verb reads a flag that it does not declare");
    return 0;
}

const char *cli_flag_text(const struct cli *cli, const char *name)
{
    size_t i = flag_index(cli, name);

    return cli->values[i] != NULL ? cli->values[i] : cli->flags[i]->fallback;
}

bool cli_flag_bool(const struct cli *cli, const char *name)
{
    return cli_flag_given(cli, name);
}

bool cli_flag_given(const struct cli *cli, const char *name)
{
    return cli->values[flag_index(cli, name)] != NULL;
}

int64_t cli_flag_int(const struct cli *cli, const char *name)
{
    const char *text = cli_flag_text(cli, name);
    int64_t n = 0;
    bool valid = text == NULL || parse_int(text, INT64_MIN, INT64_MAX, &n, NULL);

    assert(valid);
    return n;
}

int64_t cli_flag_ms(const struct cli *cli, const char *name)
{
    const char *text = cli_flag_text(cli, name);
    int64_t ms = 0;
    bool valid = text == NULL || parse_duration(text, &ms, NULL);

    assert(valid);
    return ms;
}

const char *cli_arg(const struct cli *cli, size_t index)
{
    return index < cli->arg_count ? cli->args[index] : NULL;
}

void cli_say(const struct cli *cli, const char *fmt, ...)
{
    va_list ap;

    if (cli->set.quiet)
        return;
    va_start(ap, fmt);
    vfprintf(cli->err, fmt, ap);
    va_end(ap);
    fputc('\n', cli->err);
}

void cli_exit(struct cli *cli, enum cli_exit exit)
{
    assert(exit < CLI_EXIT_COUNT);
    cli->exit = exit;
}

int cli_exit_code(enum cli_exit exit, bool fine)
{
    static const struct {
        int core, fine;
    } codes[CLI_EXIT_COUNT] = {
#define XX(name, core, fine, meaning) [CLI_EXIT_##name] = {core, fine},
        CLI_EXIT_MAP(XX)
#undef XX
    };

    assert(exit < CLI_EXIT_COUNT);
    return fine ? codes[exit].fine : codes[exit].core;
}

enum cli_exit cli_exit_of(enum err_code code)
{
    static const enum cli_exit exits[ERR_CODE_COUNT] = {
        [ERR_NONE] = CLI_EXIT_OK,
        [ERR_INVALID] = CLI_EXIT_USAGE,
        [ERR_UNAUTHENTICATED] = CLI_EXIT_AUTH,
        [ERR_DENIED] = CLI_EXIT_AUTH,
        [ERR_NOT_FOUND] = CLI_EXIT_NOT_FOUND,
        [ERR_CONFLICT] = CLI_EXIT_CONFLICT,
        [ERR_TOO_LARGE] = CLI_EXIT_USAGE,
        [ERR_UNPROCESSABLE] = CLI_EXIT_USAGE,
        [ERR_LIMIT] = CLI_EXIT_TRANSIENT,
        [ERR_CORRUPT] = CLI_EXIT_UNVERIFIED,
        [ERR_SYSTEM] = CLI_EXIT_FAILED,
        [ERR_UNSUPPORTED] = CLI_EXIT_USAGE,
        [ERR_UNAVAILABLE] = CLI_EXIT_TRANSIENT,
        [ERR_TIMEOUT] = CLI_EXIT_TIMEOUT,
    };

    assert(code < ERR_CODE_COUNT);
    return exits[code];
}

const char *cli_style(const struct cli *cli, enum cli_style style)
{
    static const char *const codes[STYLE_COUNT] = {
        [STYLE_RESET] = "\x1b[0m", [STYLE_BOLD] = "\x1b[1m",   [STYLE_DIM] = "\x1b[2m",
        [STYLE_RED] = "\x1b[31m",  [STYLE_GREEN] = "\x1b[32m", [STYLE_YELLOW] = "\x1b[33m",
        [STYLE_CYAN] = "\x1b[36m",
    };

    assert(style < STYLE_COUNT);
    return cli->set.color ? codes[style] : "";
}
