/* man.c -- orch(1) in scdoc's format (scdoc(5)), from the table of verbs. */
#include "cli/help.h"

#include <string.h>

/* scdoc gives a meaning to backslash, star, underscore and to # and - at the start of a line. */
static void add_escaped(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("\\*_#[]|~<>`.", *text) != NULL)
            buf_addc(b, '\\');
        buf_addc(b, *text);
    }
}

static void add_flag(struct buf *b, const struct cli_flag *flag)
{
    if (flag->letter != 0)
        buf_addf(b, "*-%c*, ", flag->letter);
    buf_addf(b, "*--%s*", flag->name);
    if (flag->value != NULL)
        buf_addf(b, " _%s_", flag->value);
    buf_adds(b, "\n\t");
    add_escaped(b, flag->help);
    if (flag->choices != NULL) {
        buf_adds(b, ": ");
        add_escaped(b, flag->choices);
    }
    if (flag->fallback != NULL) {
        buf_adds(b, " (default ");
        add_escaped(b, flag->fallback);
        buf_addc(b, ')');
    }
    buf_adds(b, flag->required ? " (required)\n\n" : "\n\n");
}

static void add_flags(struct buf *b, const struct cli_flag *flags)
{
    for (; flags != NULL && flags->name != NULL; flags++)
        add_flag(b, flags);
}

static void add_args(struct buf *b, const struct cli_arg *args)
{
    for (; args != NULL && args->name != NULL; args++) {
        buf_addf(b, "_%s_\n\t", args->name);
        add_escaped(b, args->help);
        buf_adds(b, "\n\n");
    }
}

static void add_verb(struct buf *b, const struct cli_group *group, const struct cli_verb *verb)
{
    auto_done(buf) usage = {0};

    help_add_usage(&usage, group, verb);
    buf_addf(b, "## orch %s%s%s\n\n*", group->name, verb->name != NULL ? " " : "",
             verb->name != NULL ? verb->name : "");
    add_escaped(b, buf_text(&usage));
    buf_adds(b, "*\n\n");
    add_escaped(b, verb->summary);
    buf_adds(b, verb->needs_server ? ".\n\n" : ". Needs no host.\n\n");
    if (verb->details != NULL) {
        add_escaped(b, verb->details);
        buf_adds(b, "\n\n");
    }
    add_args(b, verb->args);
    add_flags(b, verb->flags);
}

static void add_exit_codes(struct buf *b)
{
    static const struct {
        const char *meaning;
        int core, fine;
    } rows[] = {
#define XX(name, core, fine, meaning) {meaning, core, fine},
        CLI_EXIT_MAP(XX)
#undef XX
    };

    buf_adds(b, "# EXIT STATUS\n\nThe first number is the default, the one in parentheses is that "
                "of *--exit-codes fine*.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_addf(b, "*%d* (%d)\n\t", rows[i].core, rows[i].fine);
        add_escaped(b, rows[i].meaning);
        buf_adds(b, "\n\n");
    }
}

void man_add(struct buf *b)
{
    buf_adds(b, "orch(1) \"orch " ORCH_VERSION "\" \"User commands\"\n\n# NAME\n\n"
                "orch - run graphs of sandboxed agents: durable, streamed, signed\n\n"
                "# SYNOPSIS\n\n*orch* _COMMAND_ [_VERB_] [flags]\n\n# COMMANDS\n\n");
    for (size_t i = 0; cli_groups[i] != NULL; i++) {
        for (const struct cli_verb *verb = cli_groups[i]->verbs; verb->handler != NULL; verb++)
            add_verb(b, cli_groups[i], verb);
    }
    buf_adds(b, "# GLOBAL FLAGS\n\n");
    add_flags(b, cli_global_flags);
    add_exit_codes(b);
    buf_adds(b, "# ENVIRONMENT\n\n"
                "*ORCH_HOME*\n\tstate of the host: token, keys, trust (default \\.orch)\n\n"
                "*ORCH_URL*, *ORCH_TENANT*, *ORCH_TOKEN*, *TRACEPARENT*\n\twhat the flags "
                "*--api-url*, *--tenant*, *--token* and *--traceparent* fall back to\n\n"
                "*NO_COLOR*\n\tset and not empty: no colour\n\n"
                "# NOTES\n\nUnder the name *stella* (a symbolic link) the same program answers "
                "*stella orch* _COMMAND_.\n");
}
