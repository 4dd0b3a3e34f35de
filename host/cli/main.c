/* main.c -- orch: parse, resolve, run one verb, say what went wrong, exit. */
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/settings.h"
#include "config/config.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* orch reads few of what orchd does: a name that neither knows is what somebody mistyped. */
static void tell_ignored(void *arg, const char *name, const char *instead)
{
    cli_say(arg, "%s in the environment does nothing: %s", name, instead);
}

static bool run_verb(struct cli *cli, int argc, char **argv, struct err *e)
{
    auto_done(buf) help = {0};
    bool parsed = parse_argv(cli, argc, argv, e);

    cli->set.fine_exits = settings_fine_exits(cli);
    if (!parsed) {
        cli_exit(cli, CLI_EXIT_USAGE);
        return false;
    }
    if (cli->help) {
        help_add(&help, cli->group, cli->verb);
        fputs(buf_text(&help), cli->out);
        return true;
    }
    if (!settings_resolve(cli, e))
        return false;
    config_tell_ignored(environ, tell_ignored, cli);
    return cli->verb->handler(cli, e);
}

/* Control characters of a message come from outside; its line breaks are ours. */
static void put_error(const struct cli *cli, const struct err *e)
{
    auto_done(buf) text = {0};

    for (const char *line = e->msg; *line != '\0';) {
        size_t len = strcspn(line, "\n");

        text_add_printable(&text, line, len);
        buf_addc(&text, '\n');
        line += len + (line[len] == '\n' ? 1 : 0);
    }
    fprintf(cli->err, "orch: %s", buf_text(&text));
}

int main(int argc, char **argv)
{
    auto_done(cli) cli = {.out = stdout, .err = stderr};
    struct err e = {0};
    bool done;

    fd_hold_standard(false);
    setlocale(LC_CTYPE, "C.UTF-8"); /* wcwidth; results never depend on the user's locale */
    json_setup();
    done = run_verb(&cli, argc, argv, &e);
    if (!done) {
        put_error(&cli, &e);
        if (cli.exit == CLI_EXIT_OK)
            cli_exit(&cli, cli_exit_of(e.code));
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "orch: standard output could not be written\n");
        cli_exit(&cli, CLI_EXIT_FAILED);
    }
    return cli_exit_code(cli.exit, cli.set.fine_exits);
}
