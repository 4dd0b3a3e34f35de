/* yaml_empty.c -- block scalars without text, as libfyaml can read them. See yaml_reader.h.
 *
 * Its 0.7.12 takes the first line with text for a block scalar's, deeper or not, so an empty one
 * swallows the keys behind it. Where a line ends in "key: |" or "- |" and the next line with text
 * is not deeper than that entry, the library gets a "~" in the place of the indicators. What only
 * looks so, inside of another scalar or a comment, changes no structure, and texts are never the
 * library's. */
#include "model/dag/source/yaml_reader.h"

#include "base/mem.h"

#include <string.h>

struct line {
    const char *begin, *end; /* without its break */
};

static const char *line_end(const char *p, const char *end)
{
    while (p < end && !yaml_is_break(*p))
        p++;
    return p;
}

/* The indicators that the line ends in, its blanks and comment left out; NULL: none. */
static const char *indicators(const struct line *line, const char **ret_end)
{
    const char *p = line->end;

    for (const char *c = line->begin; c + 1 < line->end; c++)
        if (c[1] == '#' && yaml_is_blank(*c)) {
            p = c;
            break;
        }
    while (p > line->begin && yaml_is_blank(p[-1]))
        p--;
    *ret_end = p;
    while (p > line->begin && strchr("+-123456789", p[-1]) != NULL && *ret_end - p < 2)
        p--;
    return p > line->begin && (p[-1] == '|' || p[-1] == '>') ? p - 1 : NULL;
}

/* The column of the entry whose value stands at mark; -1 when no entry is right before it. */
static int entry_column(const struct line *line, const char *mark)
{
    const char *p = line->begin, *entry = NULL, *before = mark;

    while (p < mark && *p == ' ')
        p++;
    while (p + 1 < mark && *p == '-' && yaml_is_blank(p[1])) {
        entry = p++;
        while (p < mark && yaml_is_blank(*p))
            p++;
    }
    if (p == mark)
        return entry != NULL ? (int)(entry - line->begin) : -1;
    while (before > p && yaml_is_blank(before[-1]))
        before--;
    return before < mark && before > p && before[-1] == ':' ? (int)(p - line->begin) : -1;
}

/* Of the next line that has more than spaces; -1 when there is none. */
static int next_indent(const char *p, const char *end)
{
    while (p < end) {
        const char *from = p;

        while (p < end && *p == ' ')
            p++;
        if (p < end && !yaml_is_break(*p))
            return (int)(p - from);
        p = p < end ? p + 1 : p;
    }
    return -1;
}

char *yaml_for_library(const char *text, size_t len)
{
    char *copy = mem_strn(text, len);
    const char *end = text + len;
    struct line line;

    for (line.begin = text; line.begin < end; line.begin = line.end + 1) {
        const char *mark, *behind;

        line.end = line_end(line.begin, end);
        mark = indicators(&line, &behind);
        if (mark == NULL || next_indent(line.end, end) > entry_column(&line, mark))
            continue;
        memset(copy + (mark - text), ' ', (size_t)(behind - mark));
        copy[mark - text] = '~';
    }
    return copy;
}
