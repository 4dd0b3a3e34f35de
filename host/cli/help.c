/* help.c -- see help.h. */
#include "cli/help.h"

#include <string.h>

enum { HELP_COLUMN_MAX = 28, HELP_WIDTH = 96 };

static void add_spaces(struct buf *b, size_t count)
{
    while (count-- > 0)
        buf_addc(b, ' ');
}

/* Words of text, broken at HELP_WIDTH; lines behind the first begin in column indent. */
static void add_wrapped(struct buf *b, const char *text, size_t indent)
{
    size_t column = indent;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (column > indent && column + 1 + len > HELP_WIDTH) {
            buf_addc(b, '\n');
            add_spaces(b, indent);
            column = indent;
        } else if (column > indent) {
            buf_addc(b, ' ');
            column++;
        }
        buf_add(b, text, len);
        column += len;
        text += len + strspn(text + len, " ");
    }
    buf_addc(b, '\n');
}

/* "  left      right, wrapped" */
static void add_row(struct buf *b, const char *left, size_t column, const char *right)
{
    size_t len = strlen(left);

    buf_adds(b, "  ");
    buf_adds(b, left);
    if (len + 2 > column) {
        buf_addc(b, '\n');
        add_spaces(b, column + 2);
    } else {
        add_spaces(b, column - len);
    }
    add_wrapped(b, right, column + 2);
}

static void add_flag_name(struct buf *b, const struct cli_flag *flag)
{
    if (flag->letter != 0)
        buf_addf(b, "-%c, ", flag->letter);
    buf_addf(b, "--%s", flag->name);
    if (flag->value != NULL)
        buf_addf(b, " %s", flag->value);
}

static void add_flag_text(struct buf *b, const struct cli_flag *flag)
{
    buf_adds(b, flag->help);
    if (flag->choices != NULL)
        buf_addf(b, ": %s", flag->choices);
    if (flag->fallback != NULL)
        buf_addf(b, " (default %s)", flag->fallback);
    if (flag->required)
        buf_adds(b, " (required)");
}

static void add_flags(struct buf *b, const char *title, const struct cli_flag *flags)
{
    if (flags == NULL || flags->name == NULL)
        return;
    buf_addf(b, "\n%s:\n", title);
    for (; flags->name != NULL; flags++) {
        auto_done(buf) name = {0};
        auto_done(buf) text = {0};

        add_flag_name(&name, flags);
        add_flag_text(&text, flags);
        add_row(b, buf_text(&name), HELP_COLUMN_MAX, buf_text(&text));
    }
}

static void add_args(struct buf *b, const struct cli_arg *args)
{
    if (args == NULL || args->name == NULL)
        return;
    buf_adds(b, "\nArguments:\n");
    for (; args->name != NULL; args++)
        add_row(b, args->name, HELP_COLUMN_MAX, args->help);
}

void help_add_usage(struct buf *b, const struct cli_group *group, const struct cli_verb *verb)
{
    buf_addf(b, "orch %s", group->name);
    if (verb->name != NULL)
        buf_addf(b, " %s", verb->name);
    for (const struct cli_flag *flag = verb->flags; flag != NULL && flag->name != NULL; flag++) {
        if (flag->required)
            buf_addf(b, " --%s %s", flag->name, flag->value);
    }
    for (const struct cli_arg *arg = verb->args; arg != NULL && arg->name != NULL; arg++)
        buf_addf(b, arg->required ? " %s%s" : " [%s%s]", arg->name, arg->many ? "..." : "");
    buf_adds(b, " [flags]");
}

static void add_paragraphs(struct buf *b, const char *text)
{
    while (text != NULL && *text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
        auto_done(buf) paragraph = {0};

        buf_add(&paragraph, text, len);
        buf_addc(b, '\n');
        add_wrapped(b, buf_text(&paragraph), 0);
        text = end != NULL ? end + 2 : NULL;
    }
}

static void add_verb(struct buf *b, const struct cli_group *group, const struct cli_verb *verb)
{
    buf_adds(b, "Usage: ");
    help_add_usage(b, group, verb);
    buf_addf(b, "\n\n%s%s\n", verb->summary, verb->needs_server ? "" : " (needs no host)");
    add_paragraphs(b, verb->details);
    add_args(b, verb->args);
    add_flags(b, "Flags", verb->flags);
    add_flags(b, "Global flags", cli_global_flags);
}

static void add_group(struct buf *b, const struct cli_group *group)
{
    buf_addf(b, "Usage: orch %s VERB [flags]\n\n%s\n\nVerbs:\n", group->name, group->summary);
    for (const struct cli_verb *verb = group->verbs; verb->handler != NULL; verb++)
        add_row(b, verb->name, 12, verb->summary);
    buf_addf(b, "\n'orch help %s VERB' shows the flags of one.\n", group->name);
}

static void add_overview(struct buf *b)
{
    buf_adds(b, "Usage: orch COMMAND [VERB] [flags]\n\n"
                "Runs graphs of sandboxed agents: durable, streamed, signed.\n\nCommands:\n");
    for (size_t i = 0; cli_groups[i] != NULL; i++)
        add_row(b, cli_groups[i]->name, 12, cli_groups[i]->summary);
    add_flags(b, "Global flags", cli_global_flags);
    buf_adds(b, "\n'orch help COMMAND [VERB]' tells more; 'orch explain CODE' tells what an error "
                "means.\n");
}

void help_add(struct buf *b, const struct cli_group *group, const struct cli_verb *verb)
{
    if (group == NULL)
        add_overview(b);
    else if (verb == NULL && group->verbs[0].name != NULL)
        add_group(b, group);
    else
        add_verb(b, group, verb != NULL ? verb : &group->verbs[0]);
}
