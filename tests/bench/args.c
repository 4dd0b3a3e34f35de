/* args.c -- see args.h. */
#include "args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void usage(const char *program, const char *what, const char *name)
{
    fprintf(stderr, "%s: %s --%s (see tests/bench/README.md)\n", program, what, name);
    exit(2);
}

static const struct arg *find(const struct arg *table, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(word, "--", 2) == 0 && strcmp(word + 2, table[i].name) == 0)
            return &table[i];
    return NULL;
}

/* False: a number is wrong, or less than nothing. */
static bool set(const struct arg *arg, char *value)
{
    char *end = value;
    bool fits = true;

    switch (arg->kind) {
    case ARG_TEXT:
        *(const char **)arg->to = value;
        return true;
    case ARG_NUMBER:
        fits = (*(long *)arg->to = strtol(value, &end, 10)) >= 0;
        break;
    case ARG_SECONDS:
        fits = (*(double *)arg->to = strtod(value, &end)) >= 0;
        break;
    case ARG_FLAG:
        return false;
    }
    return fits && end != value && *end == '\0';
}

static void check_needed(const struct arg *table, size_t count, const char *program)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].needed && *(const char **)table[i].to == NULL)
            usage(program, "give", table[i].name);
}

void args_parse(const struct arg *table, size_t count, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const struct arg *arg = find(table, count, argv[i]);

        if (arg == NULL)
            usage(argv[0], "does not know", argv[i]);
        if (arg->kind == ARG_FLAG)
            *(bool *)arg->to = true;
        else if (i + 1 == argc || !set(arg, argv[++i]))
            usage(argv[0], "needs a value for", arg->name);
    }
    check_needed(table, count, argv[0]);
}
