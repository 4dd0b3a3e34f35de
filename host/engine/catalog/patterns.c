/* patterns.c -- see patterns.h. */
#include "engine/catalog/patterns.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

enum { TOKENS_MAX = 128, TOKEN_STAR = 256, TOKEN_ANY = 257 };

bool patterns_match(const json_t *list, const char *text)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (json_is_string(item) && fnmatch(json_string_value(item), text, 0) == 0)
            return true;
    }
    return false;
}

/* Behind a bracket expression that begins at p; NULL when it does not end: then '[' is itself. */
static const char *bracket_end(const char *p)
{
    p++;
    if (*p == '!' || *p == '^')
        p++;
    p = *p != '\0' ? strchr(p + 1, ']') : NULL;
    return p != NULL ? p + 1 : NULL;
}

/* A byte, or any one, or any number of them; TOKENS_MAX + 1 when there are more. */
static size_t tokens_of(const char *pattern, int tokens[TOKENS_MAX])
{
    size_t count = 0;

    while (*pattern != '\0') {
        const char *end = *pattern == '[' ? bracket_end(pattern) : NULL;

        if (count == TOKENS_MAX)
            return TOKENS_MAX + 1;
        if (*pattern == '\\' && pattern[1] != '\0')
            pattern++, tokens[count++] = (unsigned char)*pattern;
        else if (*pattern == '*')
            tokens[count++] = TOKEN_STAR;
        else if (*pattern == '?' || end != NULL)
            tokens[count++] = TOKEN_ANY;
        else
            tokens[count++] = (unsigned char)*pattern;
        pattern = end != NULL ? end : pattern + 1;
    }
    return count;
}

static bool same_byte(int a, int b)
{
    return a == TOKEN_ANY || b == TOKEN_ANY || a == b;
}

/* What is reached from here: row is this i, next is i + 1. */
static void step(const int *a, const int *b, size_t j, bool *row, bool *next)
{
    if (*a == TOKEN_STAR || (*b == TOKEN_STAR && *a != 0))
        next[j] = true; /* the star of a ends, or that of b takes a's byte */
    if (*b == TOKEN_STAR || (*a == TOKEN_STAR && *b != 0))
        row[j + 1] = true;
    if (*a != TOKEN_STAR && *b != TOKEN_STAR && *a != 0 && *b != 0 && same_byte(*a, *b))
        next[j + 1] = true;
}

/* Which prefixes of the one can match a text that a prefix of the other matches too. */
static bool overlap(const char *a_text, const char *b_text)
{
    int a[TOKENS_MAX + 1] = {0}, b[TOKENS_MAX + 1] = {0};
    bool rows[2][TOKENS_MAX + 2] = {{true}};
    size_t a_count = tokens_of(a_text, a), b_count = tokens_of(b_text, b);

    if (a_count > TOKENS_MAX || b_count > TOKENS_MAX)
        return true;
    for (size_t i = 0; i <= a_count; i++) {
        bool *row = rows[i % 2], *next = rows[(i + 1) % 2];

        memset(next, 0, sizeof rows[0]);
        for (size_t j = 0; j <= b_count; j++)
            if (row[j])
                step(&a[i], &b[j], j, row, next);
    }
    return rows[a_count % 2][b_count];
}

bool patterns_overlap(const json_t *a, const json_t *b)
{
    const json_t *x, *y;
    size_t i, j;

    json_array_foreach(a, i, x)
    {
        json_array_foreach(b, j, y)
        {
            if (json_is_string(x) && json_is_string(y) &&
                overlap(json_string_value(x), json_string_value(y)))
                return true;
        }
    }
    return false;
}
