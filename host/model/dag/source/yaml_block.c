/* yaml_block.c -- literal and folded block scalars (YAML 1.2.2, 8.1). See yaml_reader.h. */
#include "model/dag/source/yaml_reader.h"

enum chomping { CHOMP_CLIP, CHOMP_STRIP, CHOMP_KEEP };

struct block {
    struct yaml_reader *r;
    struct buf *out;
    enum chomping chomping;
    bool folded;
    int indent; /* of its lines */
    int breaks; /* empty lines that were passed and not yet written */
};

/* The indicators behind "|" or ">" in any order, and the rest of that line. */
static bool read_header(struct block *b, int *ret_more, struct err *e)
{
    struct yaml_reader *r = b->r;
    bool chomped = false;

    *ret_more = 0;
    b->folded = *r->at == '>';
    for (r->at++;; r->at++) {
        char c = yaml_peek(r, r->at);

        if ((c == '+' || c == '-') && !chomped) {
            b->chomping = c == '+' ? CHOMP_KEEP : CHOMP_STRIP;
            chomped = true;
        } else if (c >= '1' && c <= '9' && *ret_more == 0) {
            *ret_more = c - '0';
        } else {
            break;
        }
    }
    while (yaml_is_blank(yaml_peek(r, r->at)))
        r->at++;
    if (yaml_peek(r, r->at) == '#' && yaml_is_blank(r->at[-1])) {
        while (r->at < r->end && !yaml_is_break(*r->at))
            r->at++;
    }
    if (r->at < r->end && !yaml_is_break(*r->at))
        return err_set(e, ERR_INVALID, "a block scalar's text begins on the line behind its '%c'",
                       b->folded ? '>' : '|');
    if (r->at < r->end)
        r->at = yaml_behind_break(r, r->at);
    return true;
}

static int spaces_at(const struct yaml_reader *r, const char *p, int most)
{
    int spaces = 0;

    while (spaces < most && yaml_peek(r, p + spaces) == ' ')
        spaces++;
    return spaces;
}

/* Over the lines that have spaces only, at most the indentation's. */
static void skip_empty_lines(struct block *b)
{
    struct yaml_reader *r = b->r;

    for (b->breaks = 0;; b->breaks++) {
        const char *p = r->at + spaces_at(r, r->at, b->indent);

        if (p == r->end || !yaml_is_break(*p))
            return;
        r->at = yaml_behind_break(r, p);
    }
}

/* Without an indicator the first line that has more than spaces says it; when that is not deeper
 * than the parent, the scalar has no lines and the line belongs to what follows. */
static bool find_indent(struct block *b, int parent, struct err *e)
{
    const struct yaml_reader *r = b->r;
    const char *p = r->at;
    int empty = 0, spaces = 0;

    for (; p < r->end; p = yaml_behind_break(r, p)) {
        spaces = spaces_at(r, p, (int)(r->end - p));
        p += spaces;
        if (p == r->end || !yaml_is_break(*p))
            break;
        empty = spaces > empty ? spaces : empty;
    }
    b->indent = spaces > parent ? spaces : parent + 1;
    if (p == r->end || spaces <= parent) {
        b->indent = empty > b->indent ? empty : b->indent;
        return true;
    }
    return empty <= spaces ||
           err_set(e, ERR_INVALID,
                   "an empty line before a block scalar's text has more spaces than "
                   "the text; say its indentation behind the '|' or '>'");
}

/* At a line of the scalar; what is left of it is less indented, or the text's end. */
static bool at_line(const struct block *b)
{
    const struct yaml_reader *r = b->r;
    const char *p = r->at + spaces_at(r, r->at, b->indent);

    return p - r->at == b->indent && p < r->end && !yaml_at_document_mark(r, r->at);
}

static void add_breaks(struct block *b, int breaks)
{
    for (; breaks > 0; breaks--)
        buf_addc(b->out, '\n');
}

/* Adds the line without its break and goes behind that; false when the text ends with it. */
static bool add_line(struct block *b)
{
    struct yaml_reader *r = b->r;
    const char *line = r->at + b->indent;

    for (r->at = line; r->at < r->end && !yaml_is_break(*r->at);)
        r->at++;
    buf_add(b->out, line, (size_t)(r->at - line));
    if (r->at == r->end)
        return false;
    r->at = yaml_behind_break(r, r->at);
    return true;
}

static bool more_indented(const struct block *b)
{
    return yaml_is_blank(b->r->at[b->indent]);
}

/* Lines and the breaks between them: a folded scalar joins two of its lines unless one is indented
 * further (8.1.3). ret_break: the last line has a break. */
static void add_lines(struct block *b, bool *ret_break)
{
    bool deeper, joins;

    add_breaks(b, b->breaks);
    for (;;) {
        deeper = more_indented(b);
        *ret_break = add_line(b);
        skip_empty_lines(b);
        if (!at_line(b))
            return;
        joins = b->folded && !deeper && !more_indented(b);
        if (!joins)
            buf_addc(b->out, '\n');
        else if (b->breaks == 0)
            buf_addc(b->out, ' ');
        add_breaks(b, b->breaks);
    }
}

bool yaml_read_block(struct yaml_reader *r, struct yaml_parent in, struct buf *out, struct err *e)
{
    struct block b = {.r = r, .out = out, .chomping = CHOMP_CLIP};
    bool last_break = false;
    int more;

    if (!read_header(&b, &more, e))
        return false;
    if (more > 0)
        b.indent = (in.indent > 0 ? in.indent : 0) + more;
    else if (!find_indent(&b, in.indent, e))
        return false;
    skip_empty_lines(&b);
    if (at_line(&b))
        add_lines(&b, &last_break);
    if (b.chomping != CHOMP_STRIP && last_break)
        buf_addc(out, '\n');
    if (b.chomping == CHOMP_KEEP)
        add_breaks(&b, b.breaks);
    return true;
}
