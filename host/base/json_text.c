/* json_text.c -- JSON as text for people and wires. See json.h; jcs.c writes the canonical form. */
#include "base/json.h"

#include <math.h>
#include <string.h>

enum { FLAT = -1 }; /* depth of a compact text: it is never indented */

static void add_value(struct buf *b, const json_t *value, int depth);

static void add_line(struct buf *b, int depth)
{
    if (depth == FLAT)
        return;
    buf_addc(b, '\n');
    for (int i = 0; i < depth; i++)
        buf_adds(b, "  ");
}

/* A real that is whole keeps its point: it reads back as what it was. */
static void add_real(struct buf *b, double number)
{
    char text[32];

    jcs_number(number, text);
    buf_adds(b, text);
    if (strpbrk(text, ".e") == NULL)
        buf_adds(b, ".0");
}

static int deeper(int depth)
{
    return depth == FLAT ? FLAT : depth + 1;
}

static void add_object(struct buf *b, const json_t *value, int depth)
{
    const char *key;
    json_t *child;
    bool first = true;

    if (json_object_size(value) == 0) {
        buf_add(b, "{}", 2);
        return;
    }
    buf_addc(b, '{');
    json_object_foreach((json_t *)value, key, child)
    {
        if (!first)
            buf_addc(b, ',');
        first = false;
        add_line(b, deeper(depth));
        buf_add_json_str(b, key, strlen(key));
        buf_adds(b, depth == FLAT ? ":" : ": ");
        add_value(b, child, deeper(depth));
    }
    add_line(b, depth);
    buf_addc(b, '}');
}

static void add_array(struct buf *b, const json_t *value, int depth)
{
    size_t i;
    json_t *child;

    buf_addc(b, '[');
    json_array_foreach(value, i, child)
    {
        if (i > 0)
            buf_addc(b, ',');
        add_line(b, deeper(depth));
        add_value(b, child, deeper(depth));
    }
    if (json_array_size(value) > 0)
        add_line(b, depth);
    buf_addc(b, ']');
}

static void add_value(struct buf *b, const json_t *value, int depth)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        add_object(b, value, depth);
        return;
    case JSON_ARRAY:
        add_array(b, value, depth);
        return;
    case JSON_STRING:
        buf_add_json_str(b, json_string_value(value), json_string_length(value));
        return;
    case JSON_INTEGER:
        buf_add_int(b, json_integer_value(value));
        return;
    case JSON_REAL:
        add_real(b, json_real_value(value));
        return;
    case JSON_TRUE:
        buf_adds(b, "true");
        return;
    case JSON_FALSE:
        buf_adds(b, "false");
        return;
    case JSON_NULL:
        buf_adds(b, "null");
        return;
    }
}

void json_add_compact(struct buf *b, const json_t *value)
{
    add_value(b, value, FLAT);
}

void json_add_pretty(struct buf *b, const json_t *value)
{
    add_value(b, value, 0);
}

void json_add_members(struct buf *b, const struct json_member *members, size_t count)
{
    buf_addc(b, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_addc(b, ',');
        buf_add_json_str(b, members[i].key, strlen(members[i].key));
        buf_addc(b, ':');
        buf_adds(b, members[i].text);
    }
    buf_addc(b, '}');
}
