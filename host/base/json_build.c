/* json_build.c -- see json_build.h. jansson's own reader takes a text byte by byte through a call
 * each, and checks what json_scan has checked: three times as long. */
#include "base/json_build.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Within a value the text goes on, so only a number looks for the end. */
struct build {
    const char *at, *end;
    struct buf text; /* of a string with escapes or a number, until the next one */
};

struct part {
    const char *at;
    size_t len;
};

static void skip_space(struct build *b)
{
    while (*b->at == ' ' || *b->at == '\n' || *b->at == '\t' || *b->at == '\r')
        b->at++;
}

/* ---- strings ---- */

static unsigned hex4(const char *at)
{
    unsigned value = 0;

    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)at[i];

        value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* Behind "\u", and behind the second one of a pair. */
static void add_code_point(struct build *b)
{
    unsigned high = hex4(b->at);

    b->at += 4;
    if (high >= 0xD800 && high <= 0xDBFF) {
        high = 0x10000 + ((high - 0xD800) << 10) + (hex4(b->at + 2) - 0xDC00);
        b->at += 6;
    }
    text_add_code_point(&b->text, high);
}

static void add_escape(struct build *b)
{
    static const char names[] = "bfnrt", means[] = "\b\f\n\r\t";
    char name = b->at[1];
    const char *found = strchr(names, name);

    b->at += 2;
    if (name == 'u')
        add_code_point(b);
    else
        buf_addc(&b->text, found != NULL ? means[found - names] : name);
}

static void to_quote_or_escape(struct build *b)
{
    const char *at = b->at;

    while (*at != '"' && *at != '\\')
        at++;
    b->at = at;
}

/* From its first character to its first escape nothing is to be done. */
static struct part read_escaped(struct build *b, const char *from)
{
    buf_clear(&b->text);
    while (*b->at != '"') {
        buf_add(&b->text, from, (size_t)(b->at - from));
        add_escape(b);
        from = b->at;
        to_quote_or_escape(b);
    }
    buf_add(&b->text, from, (size_t)(b->at - from));
    b->at++;
    return (struct part){b->text.data, b->text.len};
}

/* At its opening quote; what is returned stands in the text or in b->text. */
static struct part read_string(struct build *b)
{
    const char *from = ++b->at;

    to_quote_or_escape(b);
    if (*b->at == '\\')
        return read_escaped(b, from);
    return (struct part){from, (size_t)(b->at++ - from)};
}

static json_t *build_string(struct build *b)
{
    struct part text = read_string(b);

    return json_stringn_nocheck(text.at, text.len);
}

/* ---- numbers ---- */

enum { SAFE_DIGITS = 16 }; /* of what is to be compared with the largest safe integer */

static bool safe_integer(struct part digits, json_int_t *ret)
{
    bool negative = *digits.at == '-';
    json_int_t number = 0;

    if (digits.len > SAFE_DIGITS + (negative ? 1 : 0))
        return false;
    for (size_t i = negative ? 1 : 0; i < digits.len; i++)
        number = number * 10 + (digits.at[i] - '0');
    *ret = negative ? -number : number;
    return number <= JSON_SAFE_INT_MAX;
}

static json_t *build_real(struct build *b, struct part number)
{
    buf_clear(&b->text);
    buf_add(&b->text, number.at, number.len);
    return json_real(strtod(b->text.data, NULL)); /* NULL for what is not finite */
}

static json_t *build_number(struct build *b)
{
    struct part number = {b->at, 0};
    json_int_t integer;
    bool whole = true;

    for (; b->at < b->end && strchr("+-.0123456789Ee", *b->at) != NULL; b->at++)
        whole = whole && strchr("+.Ee", *b->at) == NULL;
    number.len = (size_t)(b->at - number.at);
    if (whole && safe_integer(number, &integer))
        return json_integer(integer);
    return build_real(b, number);
}

/* ---- arrays, objects; recursion is bounded by the depth that json_scan took ---- */

static json_t *build_value(struct build *b);

/* Whether there is one more, at which b stands then; else behind the bracket that closes. */
static bool next_part(struct build *b, char closer)
{
    skip_space(b);
    if (*b->at == closer) {
        b->at++;
        return false;
    }
    b->at += *b->at == ',' ? 1 : 0;
    skip_space(b);
    return true;
}

static json_t *build_array(struct build *b)
{
    auto_json array = json_array();

    for (b->at++; next_part(b, ']');) {
        json_t *item = build_value(b);

        if (item == NULL || json_array_append_new(array, item) != 0)
            return NULL;
    }
    return take(array);
}

static bool build_member(struct build *b, json_t *object)
{
    size_t before = json_object_size(object);
    struct part key = read_string(b);
    auto_mem char *kept = key.at == b->text.data ? mem_strn(key.at, key.len) : NULL;
    json_t *value;

    skip_space(b);
    b->at++; /* the colon */
    value = build_value(b);
    return value != NULL &&
           json_object_setn_new_nocheck(object, kept != NULL ? kept : key.at, key.len, value) ==
               0 &&
           json_object_size(object) > before;
}

static json_t *build_object(struct build *b)
{
    auto_json object = json_object();

    for (b->at++; next_part(b, '}');) {
        if (!build_member(b, object))
            return NULL;
    }
    return take(object);
}

static json_t *build_word(struct build *b)
{
    char first = *b->at;

    b->at += first == 'f' ? strlen("false") : strlen("true");
    return first == 'n' ? json_null() : json_boolean(first == 't');
}

static json_t *build_value(struct build *b)
{
    skip_space(b);
    switch (*b->at) {
    case '{':
        return build_object(b);
    case '[':
        return build_array(b);
    case '"':
        return build_string(b);
    case 't':
    case 'f':
    case 'n':
        return build_word(b);
    default:
        return build_number(b);
    }
}

json_t *json_build(const char *text, size_t len)
{
    struct build b = {.at = text, .end = text + len};
    json_t *value = build_value(&b);

    buf_done(&b.text);
    return value;
}
