/* settings.c -- see settings.h. */
#include "cli/settings.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

const struct cli_flag cli_global_flags[] = {
    {.name = "tenant",
     .type = FLAG_TEXT,
     .value = "TENANT",
     .help = "the tenant to work for (ORCH_TENANT); a development host takes 'default'"},
    {.name = "api-url",
     .type = FLAG_TEXT,
     .value = "URL",
     .help = "where the host listens (ORCH_URL, else http://127.0.0.1:8080)"},
    {.name = "token",
     .type = FLAG_TEXT,
     .value = "TOKEN",
     .help = "bearer token (ORCH_TOKEN, else the file ORCH_HOME/token, which keeps it out of the "
             "process list)"},
    {.name = "traceparent",
     .type = FLAG_TEXT,
     .value = "TRACEPARENT",
     .help = "W3C trace context to pass on (TRACEPARENT)"},
    {.name = "reason",
     .type = FLAG_TEXT,
     .value = "TEXT",
     .help = "why, for the audit of a change; elevated scopes ask for it"},
    {.name = "ticket",
     .type = FLAG_TEXT,
     .value = "TEXT",
     .help = "the ticket that goes with the reason"},
    {.name = "output",
     .letter = 'o',
     .type = FLAG_CHOICE,
     .value = "FORM",
     .fallback = "table",
     .choices = "table|json|ndjson|yaml|name",
     .help = "how results are printed"},
    {.name = "page-size",
     .type = FLAG_INT,
     .value = "N",
     .fallback = "50",
     .min = 1,
     .max = 500,
     .help = "rows in one page of a list"},
    {.name = "page-token",
     .type = FLAG_TEXT,
     .value = "TOKEN",
     .help = "the page to show, as the page before named it"},
    {.name = "timeout",
     .type = FLAG_DURATION,
     .value = "TIME",
     .help = "give up after this long, for instance 30s"},
    {.name = "color",
     .type = FLAG_CHOICE,
     .value = "WHEN",
     .fallback = "auto",
     .choices = "auto|always|never",
     .help = "colour in tables and trees (NO_COLOR turns auto off)"},
    {.name = "exit-codes",
     .type = FLAG_CHOICE,
     .value = "SET",
     .fallback = "core",
     .choices = "core|fine",
     .help = "core: 0 to 3; fine: one code a cause, see 'orch man'"},
    {.name = "quiet", .letter = 'q', .type = FLAG_BOOL, .help = "no prose on standard error"},
    {.name = "verbose",
     .letter = 'v',
     .type = FLAG_BOOL,
     .help = "trace ids and codes with errors"},
    {.name = "help", .letter = 'h', .type = FLAG_BOOL, .help = "show help and stop"},
    {.name = NULL},
};

static const char *or_env(const char *flag, const char *env, const char *fallback)
{
    const char *value = flag != NULL ? flag : getenv(env);

    return value != NULL && value[0] != '\0' ? value : fallback;
}

static enum cli_format format_of(const char *text)
{
    static const char *const names[CLI_FORMAT_COUNT] = {
        [CLI_TABLE] = "table", [CLI_JSON] = "json", [CLI_NDJSON] = "ndjson",
        [CLI_YAML] = "yaml",   [CLI_NAME] = "name",
    };

    for (int format = 0; format < CLI_FORMAT_COUNT; format++) {
        if (strcmp(names[format], text) == 0)
            return (enum cli_format)format;
    }
    assert(!"a choice that parse_argv let through");
    return CLI_TABLE;
}

static bool wants_color(const struct cli *cli, bool tty)
{
    const char *when = cli_flag_text(cli, "color");
    const char *no_color = getenv("NO_COLOR");

    if (strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    return tty && (no_color == NULL || no_color[0] == '\0');
}

static bool dumb_terminal(void)
{
    const char *term = getenv("TERM");

    return term != NULL && strcmp(term, "dumb") == 0;
}

/* By name as in locale(7), not by setlocale: a small container has the name and no such locale. */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *locale = NULL, *charset;

    for (size_t i = 0; i < ARRAY_LEN(names) && (locale == NULL || *locale == '\0'); i++)
        locale = getenv(names[i]);
    charset = locale != NULL ? strchr(locale, '.') : NULL;
    return charset != NULL &&
           (strncasecmp(charset, ".utf-8", 6) == 0 || strncasecmp(charset, ".utf8", 5) == 0);
}

/* A host without a token file answers 401, and says so better than we could. */
bool settings_token(struct cli *cli, struct err *e)
{
    auto_mem char *path = mem_printf("%s/token", cli->set.home);
    auto_done(buf) text = {0};

    if (cli->set.token != NULL || access(path, F_OK) != 0)
        return true;
    if (!file_read(path, TOKEN_BYTES_MAX, &text, e))
        return err_wrap(e, "token");
    cli->token_owned = mem_strn(buf_text(&text), strcspn(buf_text(&text), " \t\r\n"));
    cli->set.token = cli->token_owned;
    return true;
}

bool settings_fine_exits(const struct cli *cli)
{
    return cli->flag_count > 0 && strcmp(cli_flag_text(cli, "exit-codes"), "fine") == 0;
}

bool settings_resolve(struct cli *cli, struct err *e)
{
    struct cli_settings *set = &cli->set;

    set->home = or_env(NULL, "ORCH_HOME", ".orch");
    set->url = or_env(cli_flag_text(cli, "api-url"), "ORCH_URL", "http://127.0.0.1:8080");
    set->tenant = or_env(cli_flag_text(cli, "tenant"), "ORCH_TENANT", NULL);
    if (set->tenant != NULL && !name_check_tenant(set->tenant, e))
        return err_wrap(e, "--tenant or ORCH_TENANT");
    set->token = or_env(cli_flag_text(cli, "token"), "ORCH_TOKEN", NULL);
    set->traceparent = or_env(cli_flag_text(cli, "traceparent"), "TRACEPARENT", NULL);
    set->reason = cli_flag_text(cli, "reason");
    set->ticket = cli_flag_text(cli, "ticket");
    set->page_token = cli_flag_text(cli, "page-token");
    set->page_size = (int)cli_flag_int(cli, "page-size");
    set->timeout_ms = cli_flag_ms(cli, "timeout");
    set->format = format_of(cli_flag_text(cli, "output"));
    set->quiet = cli_flag_bool(cli, "quiet");
    set->verbose = cli_flag_bool(cli, "verbose");
    set->fine_exits = settings_fine_exits(cli);
    set->tty = isatty(fileno(cli->out)) == 1 && !dumb_terminal();
    set->utf8 = locale_is_utf8() && !dumb_terminal();
    set->color = wants_color(cli, set->tty);
    return cli->verb == NULL || !cli->verb->needs_server || settings_token(cli, e);
}
