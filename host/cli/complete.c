/* complete.c -- completion scripts: the same table, in three shells' words. */
#include "cli/help.h"

#include <assert.h>
#include <string.h>

static void add_verb_names(struct buf *b, const struct cli_group *group)
{
    for (const struct cli_verb *verb = group->verbs; verb->handler != NULL; verb++) {
        if (verb->name != NULL)
            buf_addf(b, "%s%s", verb == group->verbs ? "" : " ", verb->name);
    }
}

static void add_group_names(struct buf *b)
{
    for (size_t i = 0; cli_groups[i] != NULL; i++)
        buf_addf(b, "%s%s", i == 0 ? "" : " ", cli_groups[i]->name);
}

static void add_flag_names(struct buf *b, const struct cli_flag *flags)
{
    for (; flags != NULL && flags->name != NULL; flags++)
        buf_addf(b, "--%s ", flags->name);
}

static void add_choices(struct buf *b, const char *choices)
{
    for (; *choices != '\0'; choices++)
        buf_addc(b, *choices == '|' ? ' ' : *choices);
}

typedef void verb_fn(struct buf *b, const struct cli_group *group, const struct cli_verb *verb);

static void each_verb(struct buf *b, verb_fn *fn)
{
    for (size_t i = 0; cli_groups[i] != NULL; i++) {
        for (const struct cli_verb *verb = cli_groups[i]->verbs; verb->handler != NULL; verb++)
            fn(b, cli_groups[i], verb);
    }
}

/* "dag plan", or "version" for a verb that stands alone. */
static void add_words(struct buf *b, const struct cli_group *group, const struct cli_verb *verb)
{
    buf_adds(b, group->name);
    if (verb->name != NULL)
        buf_addf(b, " %s", verb->name);
}

/* ---- bash; zsh runs the same function through its bashcompinit ---- */

/* One line of `case "$at:$prev"`: what the value of a flag may be. */
static void bash_flag_value(struct buf *b, const char *where, const struct cli_flag *flag)
{
    if (flag->type == FLAG_BOOL)
        return;
    buf_addf(b, "    \"%s:--%s\"", where, flag->name);
    if (flag->letter != 0)
        buf_addf(b, "|\"%s:-%c\"", where, flag->letter);
    if (flag->type == FLAG_CHOICE) {
        buf_adds(b, ") words='");
        add_choices(b, flag->choices);
        buf_adds(b, "' ;;\n");
    } else {
        buf_adds(b, flag->type == FLAG_FILE ? ") files=1 ;;\n" : ") ;;\n");
    }
}

static void bash_verb_values(struct buf *b, const struct cli_group *group,
                             const struct cli_verb *verb)
{
    auto_done(buf) where = {0};

    add_words(&where, group, verb);
    for (const struct cli_flag *flag = verb->flags; flag != NULL && flag->name != NULL; flag++)
        bash_flag_value(b, buf_text(&where), flag);
}

static void bash_verb(struct buf *b, const struct cli_group *group, const struct cli_verb *verb)
{
    buf_adds(b, "    \"");
    add_words(b, group, verb);
    buf_adds(b, ":\"*) words='");
    add_flag_names(b, verb->flags);
    buf_adds(b, "'\" $global\"");
    buf_adds(b, verb->args != NULL ? "; files=1 ;;\n" : " ;;\n");
}

static void bash_groups(struct buf *b)
{
    for (size_t i = 0; cli_groups[i] != NULL; i++) {
        if (cli_groups[i]->verbs[0].name == NULL)
            continue;
        buf_addf(b, "    \"%s:\"*) words='", cli_groups[i]->name);
        add_verb_names(b, cli_groups[i]);
        buf_adds(b, "' ;;\n");
    }
}

/* $at becomes "group verb": the first word that is a group, then the next that is its verb. */
static void bash_find_verb(struct buf *b)
{
    buf_adds(b, "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                "    case \"$at|$word\" in\n");
    for (size_t i = 0; cli_groups[i] != NULL; i++) {
        buf_addf(b, "    \"|%s\") at='%s' ;;\n", cli_groups[i]->name, cli_groups[i]->name);
        for (const struct cli_verb *verb = cli_groups[i]->verbs; verb->handler != NULL; verb++) {
            if (verb->name != NULL)
                buf_addf(b, "    \"%s|%s\") at='%s %s' ;;\n", cli_groups[i]->name, verb->name,
                         cli_groups[i]->name, verb->name);
        }
    }
    buf_adds(b, "    esac\n  done\n");
}

static void add_bash(struct buf *b)
{
    buf_adds(b, "# bash completion for orch; made by 'orch completion bash'\n_orch() {\n"
                "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                "  local at='' word words='' files='' global='");
    add_flag_names(b, cli_global_flags);
    buf_adds(b, "'\n");
    bash_find_verb(b);
    buf_adds(b, "  case \"$at:$prev\" in\n");
    each_verb(b, bash_verb_values);
    for (const struct cli_flag *flag = cli_global_flags; flag->name != NULL; flag++) {
        if (flag->type == FLAG_CHOICE) {
            buf_addf(b, "    *\":--%s\") words='", flag->name);
            add_choices(b, flag->choices);
            buf_adds(b, "' ;;\n");
        }
    }
    each_verb(b, bash_verb);
    bash_groups(b);
    buf_adds(b, "    *) words='");
    add_group_names(b);
    buf_adds(b, "'\" $global\" ;;\n  esac\n"
                "  COMPREPLY=($(compgen ${files:+-f} -W \"$words\" -- \"$cur\"))\n}\n"
                "complete -o filenames -F _orch orch\n");
}

/* ---- fish ---- */

static void fish_quote(struct buf *b, const char *text)
{
    buf_addc(b, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            buf_addc(b, '\\');
        buf_addc(b, *text);
    }
    buf_addc(b, '\'');
}

static void fish_flag(struct buf *b, const char *condition, const struct cli_flag *flag)
{
    buf_addf(b, "complete -c orch %s -l %s", condition, flag->name);
    if (flag->letter != 0)
        buf_addf(b, " -s %c", flag->letter);
    if (flag->type != FLAG_BOOL)
        buf_adds(b, flag->type == FLAG_FILE ? " -r -F" : " -x");
    if (flag->type == FLAG_CHOICE) {
        buf_adds(b, " -a '");
        add_choices(b, flag->choices);
        buf_adds(b, "'");
    }
    buf_adds(b, " -d ");
    fish_quote(b, flag->help);
    buf_addc(b, '\n');
}

static void fish_verb(struct buf *b, const struct cli_group *group, const struct cli_verb *verb)
{
    auto_done(buf) condition = {0};

    buf_addf(&condition, "-n '__fish_seen_subcommand_from %s", group->name);
    if (verb->name != NULL) {
        buf_addf(b,
                 "complete -c orch -n '__fish_seen_subcommand_from %s; and not "
                 "__fish_seen_subcommand_from ",
                 group->name);
        add_verb_names(b, group);
        buf_addf(b, "' -f -a %s -d ", verb->name);
        fish_quote(b, verb->summary);
        buf_addc(b, '\n');
        buf_addf(&condition, "; and __fish_seen_subcommand_from %s", verb->name);
    }
    buf_adds(&condition, "'");
    for (const struct cli_flag *flag = verb->flags; flag != NULL && flag->name != NULL; flag++)
        fish_flag(b, buf_text(&condition), flag);
}

static void add_fish(struct buf *b)
{
    buf_adds(b, "# fish completion for orch; made by 'orch completion fish'\n");
    for (size_t i = 0; cli_groups[i] != NULL; i++) {
        buf_addf(b, "complete -c orch -n __fish_use_subcommand -f -a %s -d ", cli_groups[i]->name);
        fish_quote(b, cli_groups[i]->summary);
        buf_addc(b, '\n');
    }
    each_verb(b, fish_verb);
    for (const struct cli_flag *flag = cli_global_flags; flag->name != NULL; flag++)
        fish_flag(b, "", flag);
}

void complete_add(struct buf *b, const char *shell)
{
    if (strcmp(shell, "fish") == 0) {
        add_fish(b);
        return;
    }
    assert(strcmp(shell, "bash") == 0 || strcmp(shell, "zsh") == 0);
    if (strcmp(shell, "zsh") == 0)
        buf_adds(b, "#compdef orch\nautoload -U +X bashcompinit && bashcompinit\n");
    add_bash(b);
}
