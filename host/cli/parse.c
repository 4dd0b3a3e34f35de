/* parse.c -- see parse.h. */
#include "cli/parse.h"

#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_BASE = 256 }; /* above every letter: getopt returns OPTION_BASE + index */

bool parse_int(const char *text, int64_t min, int64_t max, int64_t *ret, struct err *e)
{
    char *end = NULL;
    long long n;

    errno = 0;
    n = strtoll(text, &end, 10);
    if (text[0] == '\0' || text[0] == ' ' || *end != '\0' || errno != 0)
        return err_set(e, ERR_INVALID, "'%s' is not a whole number", text);
    if (n < min || n > max)
        return err_set(e, ERR_INVALID, "%lld is not from %lld to %lld", n, (long long)min,
                       (long long)max);
    *ret = n;
    return true;
}

bool parse_duration(const char *text, int64_t *ret_ms, struct err *e)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}};
    enum { COUNT_MAX = 1000 * 1000 * 1000 };
    char *end = NULL;
    long long n;

    errno = 0;
    n = strtoll(text, &end, 10);
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (end != text && errno == 0 && n >= 0 && n <= COUNT_MAX &&
            strcmp(end, units[i].unit) == 0) {
            *ret_ms = n * units[i].ms;
            return true;
        }
    }
    return err_set(e, ERR_INVALID, "'%s' is not a duration such as 250ms, 30s, 5m or 2h", text);
}

bool parse_choice(const char *choices, const char *word)
{
    size_t len = strlen(word);

    if (len == 0 || strchr(word, '|') != NULL)
        return false;
    for (const char *at = choices; at != NULL; at = strchr(at, '|')) {
        at += *at == '|' ? 1 : 0;
        if (strncmp(at, word, len) == 0 && (at[len] == '|' || at[len] == '\0'))
            return true;
    }
    return false;
}

static bool check_value(const struct cli_flag *flag, const char *text, struct err *e)
{
    int64_t number;

    switch (flag->type) {
    case FLAG_INT:
        return parse_int(text, flag->min, flag->max, &number, e);
    case FLAG_DURATION:
        return parse_duration(text, &number, e);
    case FLAG_CHOICE:
        if (!parse_choice(flag->choices, text))
            return err_set(e, ERR_INVALID, "'%s' is not one of %s", text, flag->choices);
        return true;
    default:
        return true;
    }
}

static void add_flags(struct cli *cli, const struct cli_flag *table)
{
    for (const struct cli_flag *flag = table; flag != NULL && flag->name != NULL; flag++) {
        assert(cli->flag_count < CLI_FLAGS_MAX);
        cli->flags[cli->flag_count++] = flag;
    }
}

static bool keep_value(struct cli *cli, size_t index, const char *text, struct err *e)
{
    const struct cli_flag *flag = cli->flags[index];

    if (cli->values[index] != NULL && flag->type != FLAG_BOOL)
        return err_set(e, ERR_INVALID, "--%s is given twice", flag->name);
    if (text != NULL && !check_value(flag, text, e))
        return err_wrap(e, "--%s", flag->name);
    cli->values[index] = text != NULL ? text : "";
    return true;
}

static size_t index_of_letter(const struct cli *cli, int letter)
{
    size_t i = 0;

    while (i < cli->flag_count && cli->flags[i]->letter != letter)
        i++;
    return i;
}

/* word is an option that getopt does not know, as it was typed. */
static bool unknown_flag(const struct cli *cli, const char *word, struct err *e)
{
    const char *names[CLI_FLAGS_MAX + 1] = {NULL};
    char typed[64];
    const char *near;

    for (size_t i = 0; i < cli->flag_count; i++)
        names[i] = cli->flags[i]->name;
    if (strncmp(word, "--", 2) != 0 || !text_copy(typed, sizeof typed, word + 2))
        return err_set(e, ERR_INVALID, "unknown flag '%s'", word);
    typed[strcspn(typed, "=")] = '\0';
    near = text_nearest(typed, names);
    if (near == NULL)
        return err_set(e, ERR_INVALID, "unknown flag '--%s'", typed);
    return err_set(e, ERR_INVALID, "unknown flag '--%s'; did you mean '--%s'?", typed, near);
}

static bool bad_option(const struct cli *cli, int result, const char *word, struct err *e)
{
    if (result == ':')
        return err_set(e, ERR_INVALID, "'%s' needs a value", word);
    if (optopt >= OPTION_BASE)
        return err_set(e, ERR_INVALID, "--%s takes no value",
                       cli->flags[optopt - OPTION_BASE]->name);
    return unknown_flag(cli, word, e);
}

struct getopt_tables {
    struct option longs[CLI_FLAGS_MAX + 1];
    char shorts[2 * CLI_FLAGS_MAX + 3];
};

static void make_tables(const struct cli *cli, bool stop_at_word, struct getopt_tables *ret)
{
    char *s = ret->shorts;

    memset(ret, 0, sizeof *ret);
    if (stop_at_word)
        *s++ = '+';
    *s++ = ':'; /* a missing value is reported as ':' */
    for (size_t i = 0; i < cli->flag_count; i++) {
        const struct cli_flag *flag = cli->flags[i];
        int takes = flag->type == FLAG_BOOL ? no_argument : required_argument;

        ret->longs[i] = (struct option){flag->name, takes, NULL, OPTION_BASE + (int)i};
        if (flag->letter != 0)
            *s++ = flag->letter;
        if (flag->letter != 0 && takes == required_argument)
            *s++ = ':';
    }
}

/* argv[0] is passed over. *ret_next: index of the first word that is not a flag. */
static bool parse_flags(struct cli *cli, int argc, char **argv, bool stop_at_word, int *ret_next,
                        struct err *e)
{
    struct getopt_tables tables;

    make_tables(cli, stop_at_word, &tables);
    opterr = 0;
    optind = 0; /* glibc: start afresh */
    for (;;) {
        int at = optind > 0 ? optind : 1;
        int result = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
        size_t index;

        if (result == -1)
            break;
        if (result == '?' || result == ':')
            return bad_option(cli, result, argv[optind > at ? optind - 1 : at], e);
        index =
            result >= OPTION_BASE ? (size_t)(result - OPTION_BASE) : index_of_letter(cli, result);
        if (!keep_value(cli, index, optarg, e))
            return false;
    }
    *ret_next = optind;
    return true;
}

static bool unknown_word(const char *what, const char *word, const char *const *known,
                         struct err *e)
{
    const char *near = text_nearest(word, known);

    if (near == NULL)
        return err_set(e, ERR_INVALID, "unknown %s '%s'", what, word);
    return err_set(e, ERR_INVALID, "unknown %s '%s'; did you mean '%s'?", what, word, near);
}

enum { WORDS_MAX = 64 };

static bool take_group(struct cli *cli, const char *word, struct err *e)
{
    const char *known[WORDS_MAX] = {NULL};

    cli->group = cli_group_find(word);
    if (cli->group != NULL)
        return true;
    for (size_t i = 0; i + 1 < WORDS_MAX && cli_groups[i] != NULL; i++)
        known[i] = cli_groups[i]->name;
    return unknown_word("command", word, known, e);
}

static bool take_verb(struct cli *cli, const char *word, struct err *e)
{
    const char *known[WORDS_MAX] = {NULL};

    cli->verb = cli_verb_find(cli->group, word);
    if (cli->verb != NULL)
        return true;
    for (size_t i = 0; i + 1 < WORDS_MAX && cli->group->verbs[i].handler != NULL; i++)
        known[i] = cli->group->verbs[i].name;
    return unknown_word("verb", word, known, e) || err_wrap(e, "orch %s", cli->group->name);
}

/* Group, then verb, with global flags before and between. *at moves to the last word taken. */
static bool take_words(struct cli *cli, int argc, char **argv, int *at, struct err *e)
{
    int next = 0;

    if (!parse_flags(cli, argc, argv, true, &next, e))
        return false;
    *at = next;
    if (next >= argc)
        return true;
    if (!take_group(cli, argv[next], e))
        return false;
    if (cli->group->verbs[0].name == NULL) {
        cli->verb = &cli->group->verbs[0];
        return true;
    }
    if (!parse_flags(cli, argc - *at, argv + *at, true, &next, e))
        return false;
    *at += next;
    return *at >= argc || take_verb(cli, argv[*at], e);
}

static bool take_args(struct cli *cli, int argc, char **argv, struct err *e)
{
    const struct cli_arg *arg = cli->verb->args;

    if (argc > CLI_ARGS_MAX)
        return err_set(e, ERR_INVALID, "more than %d arguments", CLI_ARGS_MAX);
    for (int i = 0; i < argc; i++) {
        if (arg == NULL || arg->name == NULL)
            return err_set(e, ERR_INVALID, "unexpected argument '%s'; see 'orch help %s%s%s'",
                           argv[i], cli->group->name, cli->verb->name != NULL ? " " : "",
                           cli->verb->name != NULL ? cli->verb->name : "");
        cli->args[cli->arg_count++] = argv[i];
        arg += arg->many ? 0 : 1;
    }
    return true;
}

static bool check_required(const struct cli *cli, struct err *e)
{
    size_t index = 0;

    for (const struct cli_arg *arg = cli->verb->args; arg != NULL && arg->name != NULL; arg++) {
        if (arg->required && index >= cli->arg_count)
            return err_set(e, ERR_INVALID, "%s is missing: %s", arg->name, arg->help);
        index++;
    }
    for (size_t i = 0; i < cli->flag_count; i++) {
        const struct cli_flag *flag = cli->flags[i];

        if (flag->required && cli->values[i] == NULL)
            return err_set(e, ERR_INVALID, "--%s %s is missing: %s", flag->name, flag->value,
                           flag->help);
    }
    return true;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

bool parse_argv(struct cli *cli, int argc, char **argv, struct err *e)
{
    int at = 0, next = 0;

    if (argc > 0 && strcmp(base_name(argv[0]), "stella") == 0) {
        if (argc < 2 || strcmp(argv[1], "orch") != 0)
            return err_set(e, ERR_INVALID, "only 'stella orch ...' is answered here");
        argc--;
        argv++;
    }
    add_flags(cli, cli_global_flags);
    if (!take_words(cli, argc, argv, &at, e))
        return false;
    if (cli->verb != NULL) {
        add_flags(cli, cli->verb->flags);
        if (!parse_flags(cli, argc - at, argv + at, false, &next, e) ||
            !take_args(cli, argc - at - next, argv + at + next, e))
            return false;
    }
    cli->help = cli_flag_bool(cli, "help");
    if (cli->help)
        return true;
    if (cli->group == NULL)
        return err_set(e, ERR_INVALID, "name a command; 'orch help' lists them");
    if (cli->verb == NULL)
        return err_set(e, ERR_INVALID, "name a verb; 'orch help %s' lists them", cli->group->name);
    return check_required(cli, e);
}
