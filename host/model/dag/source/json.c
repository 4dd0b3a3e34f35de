/* json.c -- JSON through base/json.h, and then the places of what it found.
 *
 * jansson knows no places. The second pass walks the value and the text side by side: the text is
 * valid by then and jansson keeps the order of keys, so it only has to skip. */
#include "model/dag/source/source.h"

#include "base/limits.h"

#include <assert.h>
#include <string.h>

struct cursor {
    const char *at;
    struct json_place place;
    struct source *source;
};

/* Columns count characters, so the later bytes of a UTF-8 sequence do not. */
static void step(struct cursor *c)
{
    if (*c->at == '\n')
        c->place = (struct json_place){c->place.line + 1, 1};
    else if (((unsigned char)*c->at & 0xC0) != 0x80)
        c->place.column++;
    c->at++;
}

/* To the next character that begins or ends something: blanks, "," and ":" are passed over. */
static void seek(struct cursor *c)
{
    while (*c->at == ' ' || *c->at == '\t' || *c->at == '\r' || *c->at == '\n' || *c->at == ',' ||
           *c->at == ':')
        step(c);
}

/* No line ends within a string. */
static void skip_string(struct cursor *c)
{
    const char *at = c->at + 1;
    int columns = 2; /* the quotes */

    for (; *at != '"'; at++) {
        columns += ((unsigned char)*at & 0xC0) != 0x80;
        if (*at == '\\') {
            at++;
            columns++;
        }
    }
    c->at = at + 1;
    c->place.column += columns;
}

static void skip_scalar(struct cursor *c)
{
    if (*c->at == '"') {
        skip_string(c);
        return;
    }
    while (*c->at != '\0' && strchr(",:]} \t\r\n", *c->at) == NULL)
        step(c);
}

static void place_value(struct cursor *c, json_t *value);

static void place_members(struct cursor *c, json_t *object)
{
    const char *key;
    json_t *member;

    json_object_foreach(object, key, member)
    {
        seek(c);
        places_put_own_key(&c->source->places, key, c->place);
        skip_string(c);
        place_value(c, member);
    }
}

/* Recursion is bounded by JSON_DEPTH_MAX, which json_parse has held. */
static void place_value(struct cursor *c, json_t *value)
{
    size_t i;
    json_t *item;

    seek(c);
    places_put_value(&c->source->places, value, c->place);
    if (!json_is_object(value) && !json_is_array(value)) {
        skip_scalar(c);
        return;
    }
    step(c);
    if (json_is_object(value))
        place_members(c, value);
    json_array_foreach(value, i, item) place_value(c, item);
    seek(c);
    assert(*c->at == '}' || *c->at == ']');
    step(c);
}

bool source_read_json(const char *text, size_t len, bool placed, struct source *ret,
                      struct json_place *ret_place, struct err *e)
{
    const struct json_limits limits = {DEFINITION_BYTES_MAX, JSON_DEPTH_MAX, DEFINITION_VALUES_MAX};
    auto_done(source) source = {0};
    struct cursor cursor = {text, {1, 1}, &source};

    if (!json_parse(text, len, &limits, &source.root, ret_place, e))
        return false;
    if (placed)
        place_value(&cursor, source.root);
    *ret = source;
    source = (struct source){0};
    return true;
}
