/* yaml_text.c -- JSON values as block-style YAML.
 *
 * Text stands plain only where no YAML reader, 1.1 or 1.2, could take it for anything else;
 * otherwise it is quoted as JSON quotes it, which is YAML as well. */
#include "model/dag/draw/graph_text.h"

#include <string.h>
#include <strings.h>

enum { INDENT = 2, IMPLICIT_KEY_BYTES_MAX = 512 /* YAML 1.2.2, 7.4.2: 1024 characters */ };

static bool plain(const char *text, size_t len)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/";
    static const char rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/0123456789.-";
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n"};

    if (len == 0 || strchr(first, *text) == NULL || strspn(text, rest) != len)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(text, words[i]) == 0)
            return false;
    }
    return true;
}

static void add_text(struct buf *b, const char *text, size_t len)
{
    if (plain(text, len))
        buf_adds(b, text);
    else
        buf_add_json_str(b, text, len);
}

/* A real keeps its dot: YAML 1.1 takes 1e+30 for text. */
static void add_real(struct buf *b, double number)
{
    char text[32];
    size_t digits;

    jcs_number(number, text);
    digits = strspn(text, "-0123456789");
    buf_add(b, text, digits);
    if (text[digits] != '.')
        buf_adds(b, ".0");
    buf_adds(b, text + digits);
}

static void add_indent(struct buf *b, unsigned indent)
{
    for (unsigned i = 0; i < indent; i++)
        buf_addc(b, ' ');
}

static void add_block(struct buf *b, const json_t *value, unsigned indent, bool inline_first);

static bool is_block(const json_t *value)
{
    return json_object_size(value) > 0 || json_array_size(value) > 0;
}

/* What fits behind "key:" or "-" on the same line. */
static void add_flow(struct buf *b, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        add_text(b, json_string_value(value), json_string_length(value));
        return;
    case JSON_REAL:
        add_real(b, json_real_value(value));
        return;
    default: /* {}, [], integers and literals read the same in both languages */
        json_add_compact(b, value);
    }
}

/* Behind "key:" */
static void add_value(struct buf *b, const json_t *value, unsigned indent)
{
    if (is_block(value)) {
        buf_addc(b, '\n');
        add_block(b, value, indent + INDENT, false);
        return;
    }
    buf_addc(b, ' ');
    add_flow(b, value);
    buf_addc(b, '\n');
}

static void add_member(struct buf *b, const char *key, const json_t *value, unsigned indent)
{
    size_t len = strlen(key);

    if (len > IMPLICIT_KEY_BYTES_MAX / 6) { /* an escape has at most six characters */
        buf_adds(b, "? ");
        add_text(b, key, len);
        buf_addc(b, '\n');
        add_indent(b, indent);
    } else {
        add_text(b, key, len);
    }
    buf_addc(b, ':');
    add_value(b, value, indent);
}

static void add_item(struct buf *b, const json_t *value, unsigned indent)
{
    buf_adds(b, "- ");
    if (is_block(value)) {
        add_block(b, value, indent + INDENT, true);
        return;
    }
    add_flow(b, value);
    buf_addc(b, '\n');
}

/* Members or items, a line each; inline_first: the first line is begun already. Recursion is
 * bounded by the depth that definitions may have. */
static void add_block(struct buf *b, const json_t *value, unsigned indent, bool inline_first)
{
    const char *key;
    json_t *child;
    size_t i;

    json_object_foreach((json_t *)value, key, child)
    {
        add_indent(b, inline_first ? 0 : indent);
        inline_first = false;
        add_member(b, key, child, indent);
    }
    json_array_foreach(value, i, child)
    {
        add_indent(b, inline_first ? 0 : indent);
        inline_first = false;
        add_item(b, child, indent);
    }
}

void yaml_add(struct buf *b, const json_t *value)
{
    if (is_block(value)) {
        add_block(b, value, 0, false);
        return;
    }
    add_flow(b, value);
    buf_addc(b, '\n');
}
