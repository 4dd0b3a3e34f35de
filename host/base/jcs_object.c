/* jcs_object.c -- see jcs_object.h. */
#include "base/jcs_object.h"

#include "base/json.h"

#include <assert.h>
#include <string.h>

struct jcs_object jcs_object_begin(struct buf *b)
{
    buf_addc(b, '{');
    return (struct jcs_object){b, NULL};
}

void jcs_object_key(struct jcs_object *o, const char *key)
{
    size_t len = strlen(key);
    char *to;

    assert(o->last == NULL || strcmp(o->last, key) < 0);
    buf_reserve(o->b, len + 4);
    to = o->b->data + o->b->len;
    if (o->last != NULL)
        *to++ = ',';
    *to++ = '"';
    memcpy(to, key, len);
    memcpy(to + len, "\":", 3);
    o->b->len = (size_t)(to + len + 2 - o->b->data);
    o->last = key;
}

void jcs_object_str(struct jcs_object *o, const char *key, const char *text)
{
    jcs_object_key(o, key);
    if (text != NULL)
        buf_add_json_str(o->b, text, strlen(text));
    else
        buf_add(o->b, "null", 4);
}

void jcs_object_int(struct jcs_object *o, const char *key, int64_t number)
{
    jcs_object_key(o, key);
    buf_add_int(o->b, number);
}

void jcs_object_real(struct jcs_object *o, const char *key, double number)
{
    char text[32];

    jcs_object_key(o, key);
    jcs_number(number, text);
    buf_adds(o->b, text);
}

void jcs_object_bool(struct jcs_object *o, const char *key, bool value)
{
    jcs_object_key(o, key);
    buf_adds(o->b, value ? "true" : "false");
}

void jcs_object_end(struct jcs_object *o)
{
    buf_addc(o->b, '}');
}

/* ---- walking ---- */

int jcs_part_compare(struct jcs_part a, struct jcs_part b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

struct jcs_part jcs_part_inside(struct jcs_part value)
{
    if (value.len < 2 || *value.at != '"')
        return (struct jcs_part){"", 0};
    return (struct jcs_part){value.at + 1, value.len - 2};
}

/* Behind the string that begins here. */
static const char *behind_string(const char *at)
{
    for (at++; *at != '"'; at++)
        at += *at == '\\' ? 1 : 0;
    return at + 1;
}

/* Behind the value that begins here. */
static const char *behind_value(const char *at)
{
    unsigned depth = 0;

    do {
        if (*at == '"') {
            at = behind_string(at);
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if (*at == '}' || *at == ']')
            depth--;
        at++;
    } while (depth > 0 || strchr(",]}", *at) == NULL);
    return at;
}

/* Past the opening bracket or the comma; false at the closing bracket. */
static bool step_in(const char **at)
{
    if (**at == '}' || **at == ']')
        return false;
    ++*at;
    return **at != '}' && **at != ']';
}

bool jcs_next_element(const char **at, struct jcs_part *ret_value)
{
    const char *begin;

    if (!step_in(at))
        return false;
    begin = *at;
    *at = behind_value(begin);
    *ret_value = (struct jcs_part){begin, (size_t)(*at - begin)};
    return true;
}

bool jcs_next_member(const char **at, struct jcs_part *ret_key, struct jcs_part *ret_value)
{
    const char *begin, *colon;

    if (!step_in(at))
        return false;
    begin = *at;
    colon = behind_string(begin);
    *at = behind_value(colon + 1);
    *ret_key = (struct jcs_part){begin + 1, (size_t)(colon - begin - 2)};
    *ret_value = (struct jcs_part){colon + 1, (size_t)(*at - colon - 1)};
    return true;
}
