/* yaml_flow.c -- plain and quoted scalars (YAML 1.2.2, 7.3). See yaml_reader.h. */
#include "model/dag/source/yaml_reader.h"

#include <stdint.h>
#include <string.h>

enum { SURROGATE_FIRST = 0xD800, SURROGATE_LAST = 0xDFFF, CODE_POINT_LAST = 0x10FFFF };

/* Over blanks and breaks; how many breaks there were. */
static int skip_breaks(const struct yaml_reader *r, const char **p)
{
    int breaks = 0;

    while (*p < r->end && (yaml_is_blank(**p) || yaml_is_break(**p))) {
        breaks += yaml_is_break(**p) ? 1 : 0;
        *p = yaml_is_break(**p) ? yaml_behind_break(r, *p) : *p + 1;
    }
    return breaks;
}

/* Line folding (6.5): one break is a space, each further one stays. */
static void add_folded(struct buf *out, int breaks)
{
    if (breaks == 1)
        buf_addc(out, ' ');
    for (; breaks > 1; breaks--)
        buf_addc(out, '\n');
}

/* ---- plain ---- */

/* Where the plain text that begins at p ends on its line, without the blanks before the end. */
static const char *plain_line_end(const struct yaml_reader *r, const char *p, bool flow)
{
    const char *end = p;

    for (; p < r->end && !yaml_is_break(*p); p++) {
        char next = yaml_peek(r, p + 1);

        if (*p == '#' && p > r->begin && yaml_is_blank(p[-1]))
            break;
        if (*p == ':' && (yaml_is_space_or_end(next) || (flow && strchr(",[]{}", next) != NULL)))
            break;
        if (flow && strchr(",[]{}", *p) != NULL)
            break;
        if (!yaml_is_blank(*p))
            end = p + 1;
    }
    return end;
}

/* The column of p when only spaces stand before it on its line. A tab ends an indentation. */
static int indent_of(const struct yaml_reader *r, const char *p)
{
    const char *line = p;
    int spaces = 0;

    while (line > r->begin && !yaml_is_break(line[-1]))
        line--;
    while (line + spaces < p && line[spaces] == ' ')
        spaces++;
    return spaces;
}

/* Where the text goes on behind the breaks at p, or NULL: it ended before them. */
static const char *plain_goes_on(const struct yaml_reader *r, const char *p, struct yaml_parent in,
                                 int *ret_breaks)
{
    *ret_breaks = skip_breaks(r, &p);
    if (*ret_breaks == 0 || p == r->end || *p == '#' || yaml_at_document_mark(r, p))
        return NULL;
    if (!in.flow && indent_of(r, p) <= in.indent)
        return NULL;
    return plain_line_end(r, p, in.flow) > p ? p : NULL;
}

void yaml_read_plain(struct yaml_reader *r, struct yaml_parent in, struct buf *out)
{
    const char *p = r->at;
    int breaks = 0;

    while (p != NULL) {
        r->at = plain_line_end(r, p, in.flow);
        add_folded(out, breaks);
        buf_add(out, p, (size_t)(r->at - p));
        p = plain_goes_on(r, r->at, in, &breaks);
    }
}

/* ---- quoted ---- */

/* Takes the blanks behind the last byte that must stay, folds the breaks at r->at. */
static void fold(struct yaml_reader *r, struct buf *out, size_t keep)
{
    while (out->len > keep && yaml_is_blank(out->data[out->len - 1]))
        out->len--;
    add_folded(out, skip_breaks(r, &r->at));
}

static bool open_end(struct err *e)
{
    return err_set(e, ERR_INVALID, "a quote is never closed");
}

bool yaml_read_single(struct yaml_reader *r, struct buf *out, struct err *e)
{
    for (r->at++; r->at < r->end;) {
        if (yaml_is_break(*r->at)) {
            fold(r, out, 0);
        } else if (*r->at != '\'') {
            buf_addc(out, *r->at++);
        } else if (yaml_peek(r, r->at + 1) == '\'') {
            buf_addc(out, '\'');
            r->at += 2;
        } else {
            r->at++;
            return true;
        }
    }
    return open_end(e);
}

static void add_code_point(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_addc(out, (char)c);
    } else if (c < 0x800) {
        buf_addc(out, (char)(0xC0 | c >> 6));
        buf_addc(out, (char)(0x80 | (c & 0x3F)));
    } else {
        if (c < 0x10000) {
            buf_addc(out, (char)(0xE0 | c >> 12));
        } else {
            buf_addc(out, (char)(0xF0 | c >> 18));
            buf_addc(out, (char)(0x80 | (c >> 12 & 0x3F)));
        }
        buf_addc(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_addc(out, (char)(0x80 | (c & 0x3F)));
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The digits at r->at. */
static bool read_hex(struct yaml_reader *r, int digits, uint32_t *ret, struct err *e)
{
    *ret = 0;
    for (; digits > 0; digits--) {
        int digit = hex_digit(yaml_peek(r, r->at));

        if (digit < 0)
            return err_set(e, ERR_INVALID, "hexadecimal digits are missing behind a backslash");
        *ret = *ret << 4 | (uint32_t)digit;
        r->at++;
    }
    return true;
}

static bool is_surrogate(uint32_t c)
{
    return c >= SURROGATE_FIRST && c <= SURROGATE_LAST;
}

static bool add_escaped(struct yaml_reader *r, int digits, struct buf *out, struct err *e)
{
    uint32_t c;

    if (!read_hex(r, digits, &c, e))
        return false;
    if (c == 0 || is_surrogate(c) || c > CODE_POINT_LAST)
        return err_set(e, ERR_INVALID,
                       c > CODE_POINT_LAST ? "an escape beyond U+10FFFF"
                                           : "text with U+0000 or half a surrogate pair");
    add_code_point(out, c);
    return true;
}

/* Behind the backslash. */
static bool read_escape(struct yaml_reader *r, struct buf *out, struct err *e)
{
    static const char letters[] = "abtnvfre \"/\\\t";
    static const char meant[] = "\a\b\t\n\v\f\r\x1B \"/\\\t";
    char c = yaml_peek(r, r->at);
    const char *letter = c != '\0' ? strchr(letters, c) : NULL;
    int breaks;

    if (yaml_is_break(c)) {
        breaks = skip_breaks(r, &r->at);
        for (; breaks > 1; breaks--) /* the escaped one itself is nothing */
            buf_addc(out, '\n');
        return true;
    }
    r->at++;
    if (letter != NULL)
        buf_addc(out, meant[letter - letters]);
    else if (c == 'N' || c == '_')
        add_code_point(out, c == 'N' ? 0x85 : 0xA0);
    else if (c == 'L' || c == 'P')
        add_code_point(out, c == 'L' ? 0x2028 : 0x2029);
    else if (c == 'x' || c == 'u' || c == 'U')
        return add_escaped(r, c == 'x' ? 2 : c == 'u' ? 4 : 8, out, e);
    else if (c == '0')
        return err_set(e, ERR_INVALID, "text with U+0000 or half a surrogate pair");
    else
        return err_set(e, ERR_INVALID, "an escape that YAML does not have");
    return true;
}

bool yaml_read_double(struct yaml_reader *r, struct buf *out, struct err *e)
{
    size_t keep = 0; /* an escaped blank is text even at the end of a line */

    for (r->at++; r->at < r->end && *r->at != '"';) {
        if (yaml_is_break(*r->at)) {
            fold(r, out, keep);
            keep = out->len;
        } else if (*r->at == '\\') {
            r->at++;
            if (!read_escape(r, out, e))
                return false;
            keep = out->len;
        } else {
            buf_addc(out, *r->at++);
        }
    }
    if (r->at == r->end)
        return open_end(e);
    r->at++;
    return true;
}
