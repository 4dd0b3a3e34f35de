/* yaml_structure.c -- what may stand between scalars: indicators, blanks, comments, the marks of a
 * document. See yaml_reader.h. */
#include "model/dag/source/yaml_reader.h"

#include <string.h>

static bool at_line_start(const struct yaml_reader *r, const char *p)
{
    return p == r->begin || yaml_is_break(p[-1]);
}

bool yaml_at_document_mark(const struct yaml_reader *r, const char *p)
{
    return at_line_start(r, p) && r->end - p >= 3 &&
           (memcmp(p, "---", 3) == 0 || memcmp(p, "...", 3) == 0) &&
           yaml_is_space_or_end(yaml_peek(r, p + 3));
}

static bool is_comment(const struct yaml_reader *r, const char *p)
{
    return *p == '#' && (at_line_start(r, p) || yaml_is_blank(p[-1]));
}

static const char *line_end(const struct yaml_reader *r, const char *p)
{
    while (p < r->end && !yaml_is_break(*p))
        p++;
    return p;
}

/* Directly behind a quote or a closed collection a ":" needs no blank (YAML 1.2.2, 7.4.2). */
static bool behind_json_like(const struct yaml_reader *r, const char *p)
{
    while (p > r->begin && (yaml_is_blank(p[-1]) || yaml_is_break(p[-1])))
        p--;
    return p > r->begin && strchr("\"'}]", p[-1]) != NULL;
}

static bool is_colon(const struct yaml_reader *r, const char *p)
{
    char next = yaml_peek(r, p + 1);

    return yaml_is_space_or_end(next) || strchr(",[]{}", next) != NULL || behind_json_like(r, p);
}

/* Behind the piece of structure at p, or p itself when there is none. */
static const char *behind_piece(struct yaml_reader *r, const char *p)
{
    char c = *p;

    if (yaml_is_blank(c) || yaml_is_break(c))
        return p + 1;
    if (yaml_at_document_mark(r, p)) {
        r->directives = c == '.';
        return p + 3;
    }
    if (is_comment(r, p))
        return line_end(r, p);
    if (c == '%' && r->directives && at_line_start(r, p))
        return line_end(r, p);
    if (strchr(",[]{}", c) != NULL)
        return p + 1;
    if ((c == '-' || c == '?') && yaml_is_space_or_end(yaml_peek(r, p + 1)))
        return p + 1;
    return c == ':' && is_colon(r, p) ? p + 1 : p;
}

static void skip(struct yaml_reader *r, const char *most)
{
    const char *next;

    if (r->at == r->begin && r->end - r->at >= 3 && memcmp(r->at, "\xEF\xBB\xBF", 3) == 0)
        r->at += 3; /* the mark of byte order */
    while (r->at < most && (next = behind_piece(r, r->at)) != r->at)
        r->at = next;
}

bool yaml_differ(struct err *e)
{
    return err_set(e, ERR_INVALID,
                   "two readings of this text differ here; write the value before it, or this one, "
                   "in double quotes");
}

bool yaml_reach(struct yaml_reader *r, const char *place, struct err *e)
{
    skip(r, place);
    return r->at == place || yaml_differ(e);
}

void yaml_reach_indicator(struct yaml_reader *r)
{
    skip(r, r->end);
}

int yaml_column(const struct yaml_reader *r)
{
    int column = 1;

    for (const char *p = r->at; p > r->begin && !yaml_is_break(p[-1]); p--)
        column += ((unsigned char)p[-1] & 0xC0) != 0x80 ? 1 : 0;
    return column;
}

bool yaml_same_end(const struct yaml_reader *r, const char *end)
{
    const char *p = end < r->at ? end : r->at, *most = end < r->at ? r->at : end;

    while (p < most) {
        if (yaml_is_blank(*p) || yaml_is_break(*p))
            p++;
        else if (is_comment(r, p))
            p = line_end(r, p);
        else
            return false;
    }
    return true;
}
