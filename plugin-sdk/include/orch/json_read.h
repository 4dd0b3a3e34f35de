/* orch/json_read.h -- a bounded JSON reader over views; part of orch/sdk.h.
 *
 * orch_json_parse checks a whole text once; after it a value is a view of its own text and every
 * step re-scans that. Nothing is allocated but decoded text (arena). Recursion is bounded by
 * ORCH_JSON_DEPTH_MAX. Grammar: RFC 8259; code points: RFC 3629. */
#ifndef ORCH_JSON_READ_H
#define ORCH_JSON_READ_H

#include "orch/plugin.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ORCH_JSON_DEPTH_MAX 64u
#define ORCH_NUMBER_BYTES_MAX 63u /* a longer number is not read */

/* The text of one valid value. A value that is not there has length 0 and kind 0; every reader
 * below accepts it and returns false. */
typedef struct orch_json {
    const char *ptr;
    uint64_t len;
} orch_json;

/* True when all of text is one value of RFC 8259, in UTF-8, with paired surrogates. */
bool orch_json_parse(orch_bytes text, orch_json *ret);

/* '{' '[' '"' '0' (number) 't' 'f' 'n', or 0 for no value. */
char orch_json_kind(orch_json value);

/* The first member of that name, or no value. */
orch_json orch_json_get(orch_json object, const char *key);

/* for (orch_json_iter it = orch_json_each(v); orch_json_next(&it);) it.value, it.key (objects) */
typedef struct orch_json_iter {
    orch_json key, value;
    const char *at, *end;
    char close;
} orch_json_iter;
orch_json_iter orch_json_each(orch_json container);
bool orch_json_next(orch_json_iter *it);

bool orch_json_number(orch_json value, double *ret);
bool orch_json_int(orch_json value, int64_t *ret); /* no fraction, no exponent, in range */
bool orch_json_bool(orch_json value, bool *ret);
/* The decoded text, NUL-terminated behind its end, in the arena. False also when the arena is full.
 */
bool orch_json_text(const orch_host *host, orch_run *run, orch_json value, orch_bytes *ret);
/* True for a string equal to text. */
bool orch_json_is(orch_json value, const char *text);

#ifdef __cplusplus
}
#endif

#endif

#if defined(ORCH_SDK_IMPLEMENTATION) && !defined(ORCH_JSON_READ_IMPLEMENTED)
#define ORCH_JSON_READ_IMPLEMENTED

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct orch_i_scan {
    const char *at, *end;
} orch_i_scan;

static void orch_i_space(orch_i_scan *s)
{
    while (s->at < s->end && memchr(" \t\r\n", *s->at, 4) != NULL)
        s->at++;
}

static bool orch_i_eat(orch_i_scan *s, char c)
{
    if (s->at >= s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool orch_i_word(orch_i_scan *s, const char *word, size_t len)
{
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return false;
    s->at += len;
    return true;
}

/* One code point of RFC 3629. */
static bool orch_i_utf8(orch_i_scan *s, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint32_t lead = (unsigned char)*s->at++;
    int more = lead < 0x80 ? 0 : lead < 0xC0 ? -1 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    uint32_t point;

    if (more < 0 || lead > 0xF4 || s->end - s->at < more)
        return false;
    point = more == 0 ? lead : lead & (0x3Fu >> more);
    for (int i = 0; i < more; i++) {
        uint32_t next = (unsigned char)*s->at++;

        if ((next & 0xC0) != 0x80)
            return false;
        point = point << 6 | (next & 0x3F);
    }
    *ret = point;
    return point >= least[more] && point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF);
}

static bool orch_i_hex4(orch_i_scan *s, uint32_t *ret)
{
    uint32_t value = 0;

    if (s->end - s->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = *s->at++, low = (char)(c | 0x20);
        int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;

        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
    }
    *ret = value;
    return true;
}

/* What stands behind a backslash. */
static bool orch_i_escape(orch_i_scan *s, uint32_t *ret)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;
    uint32_t low;

    if (s->at >= s->end)
        return false;
    if (*s->at != 'u') {
        found = (const char *)memchr(from, *s->at++, sizeof from - 1);
        *ret = found != NULL ? (uint32_t)to[found - from] : 0;
        return found != NULL;
    }
    s->at++;
    if (!orch_i_hex4(s, ret) || (*ret >= 0xDC00 && *ret <= 0xDFFF))
        return false;
    if (*ret < 0xD800 || *ret > 0xDBFF)
        return true;
    if (!orch_i_word(s, "\\u", 2) || !orch_i_hex4(s, &low) || low < 0xDC00 || low > 0xDFFF)
        return false;
    *ret = 0x10000 + ((*ret - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

/* Steps through a string behind its opening quote: 1 a code point, 0 the closing quote, -1 wrong.
 */
static int orch_i_point(orch_i_scan *s, uint32_t *ret)
{
    if (s->at >= s->end || (unsigned char)*s->at < 0x20)
        return -1;
    if (orch_i_eat(s, '"'))
        return 0;
    if (orch_i_eat(s, '\\'))
        return orch_i_escape(s, ret) ? 1 : -1;
    return orch_i_utf8(s, ret) ? 1 : -1;
}

static bool orch_i_string(orch_i_scan *s)
{
    uint32_t point;
    int step;

    if (!orch_i_eat(s, '"'))
        return false;
    do
        step = orch_i_point(s, &point);
    while (step == 1);
    return step == 0;
}

static bool orch_i_digits(orch_i_scan *s)
{
    const char *start = s->at;

    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > start;
}

static bool orch_i_number(orch_i_scan *s)
{
    orch_i_eat(s, '-');
    if (!orch_i_eat(s, '0') && !orch_i_digits(s))
        return false;
    if (orch_i_eat(s, '.') && !orch_i_digits(s))
        return false;
    if (orch_i_eat(s, 'e') || orch_i_eat(s, 'E')) {
        if (!orch_i_eat(s, '+'))
            orch_i_eat(s, '-');
        return orch_i_digits(s);
    }
    return true;
}

static bool orch_i_value(orch_i_scan *s, uint32_t depth);

/* One member or element, then a comma or the end: 1 more, 0 closed, -1 wrong. */
static int orch_i_item(orch_i_scan *s, char close, uint32_t depth)
{
    orch_i_space(s);
    if (close == '}') {
        if (!orch_i_string(s))
            return -1;
        orch_i_space(s);
        if (!orch_i_eat(s, ':'))
            return -1;
    }
    orch_i_space(s);
    if (!orch_i_value(s, depth))
        return -1;
    orch_i_space(s);
    return orch_i_eat(s, ',') ? 1 : orch_i_eat(s, close) ? 0 : -1;
}

static bool orch_i_container(orch_i_scan *s, char close, uint32_t depth)
{
    int step;

    if (depth >= ORCH_JSON_DEPTH_MAX)
        return false;
    s->at++;
    orch_i_space(s);
    if (orch_i_eat(s, close))
        return true;
    do
        step = orch_i_item(s, close, depth + 1);
    while (step == 1);
    return step == 0;
}

/* Steps over one value. Recursion is bounded by ORCH_JSON_DEPTH_MAX. */
static bool orch_i_value(orch_i_scan *s, uint32_t depth)
{
    if (s->at >= s->end)
        return false;
    switch (*s->at) {
    case '{':
        return orch_i_container(s, '}', depth);
    case '[':
        return orch_i_container(s, ']', depth);
    case '"':
        return orch_i_string(s);
    case 't':
        return orch_i_word(s, "true", 4);
    case 'f':
        return orch_i_word(s, "false", 5);
    case 'n':
        return orch_i_word(s, "null", 4);
    default:
        return orch_i_number(s);
    }
}

static orch_i_scan orch_i_over(const void *ptr, uint64_t len)
{
    const char *start = ptr != NULL ? (const char *)ptr : "";
    orch_i_scan s = {start, start + (ptr != NULL ? len : 0)};
    return s;
}

bool orch_json_parse(orch_bytes text, orch_json *ret)
{
    orch_i_scan s = orch_i_over(text.ptr, text.len);
    orch_json value;

    orch_i_space(&s);
    value.ptr = s.at;
    if (!orch_i_value(&s, 0))
        return false;
    value.len = (uint64_t)(s.at - value.ptr);
    orch_i_space(&s);
    if (s.at != s.end)
        return false;
    *ret = value;
    return true;
}

char orch_json_kind(orch_json value)
{
    if (value.len == 0)
        return 0;
    return strchr("{[\"tfn", *value.ptr) != NULL ? *value.ptr : '0';
}

orch_json_iter orch_json_each(orch_json container)
{
    char kind = orch_json_kind(container);
    orch_json_iter it = {{NULL, 0}, {NULL, 0}, NULL, NULL, 0};

    if (kind == '{' || kind == '[') {
        it.at = container.ptr + 1;
        it.end = container.ptr + container.len - 1;
        it.close = kind == '{' ? '}' : ']';
    }
    return it;
}

bool orch_json_next(orch_json_iter *it)
{
    orch_i_scan s = {it->at, it->end};

    if (it->at == NULL)
        return false;
    orch_i_space(&s);
    if (s.at == s.end)
        return false;
    it->key.ptr = s.at;
    if (it->close == '}') {
        if (!orch_i_string(&s))
            return false;
        it->key.len = (uint64_t)(s.at - it->key.ptr);
        orch_i_space(&s);
        orch_i_eat(&s, ':');
        orch_i_space(&s);
    }
    it->value.ptr = s.at;
    if (!orch_i_value(&s, 0))
        return false;
    it->value.len = (uint64_t)(s.at - it->value.ptr);
    orch_i_space(&s);
    orch_i_eat(&s, ',');
    it->at = s.at;
    return true;
}

bool orch_json_is(orch_json value, const char *text)
{
    orch_i_scan a = orch_i_over(value.ptr, value.len), b = orch_i_over(text, strlen(text));
    uint32_t x, y;

    if (!orch_i_eat(&a, '"'))
        return false;
    while (orch_i_point(&a, &x) == 1)
        if (b.at >= b.end || !orch_i_utf8(&b, &y) || x != y)
            return false;
    return b.at == b.end;
}

orch_json orch_json_get(orch_json object, const char *key)
{
    orch_json none = {NULL, 0};

    if (orch_json_kind(object) != '{')
        return none;
    for (orch_json_iter it = orch_json_each(object); orch_json_next(&it);)
        if (orch_json_is(it.key, key))
            return it.value;
    return none;
}

/* Numbers are copied: strtod needs the NUL. */
static bool orch_i_number_text(orch_json value, char *out)
{
    if (orch_json_kind(value) != '0' || value.len > ORCH_NUMBER_BYTES_MAX)
        return false;
    memcpy(out, value.ptr, value.len);
    out[value.len] = '\0';
    return true;
}

bool orch_json_number(orch_json value, double *ret)
{
    char text[ORCH_NUMBER_BYTES_MAX + 1];
    double number;

    if (!orch_i_number_text(value, text))
        return false;
    number = strtod(text, NULL);
    if (!isfinite(number))
        return false;
    *ret = number;
    return true;
}

bool orch_json_int(orch_json value, int64_t *ret)
{
    char text[ORCH_NUMBER_BYTES_MAX + 1];
    long long number;

    if (!orch_i_number_text(value, text) || strpbrk(text, ".eE") != NULL)
        return false;
    errno = 0;
    number = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        return false;
    *ret = number;
    return true;
}

bool orch_json_bool(orch_json value, bool *ret)
{
    char kind = orch_json_kind(value);

    if (kind != 't' && kind != 'f')
        return false;
    *ret = kind == 't';
    return true;
}

static char *orch_i_put_utf8(char *out, uint32_t point)
{
    int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};

    *out++ = (char)(lead[more] | point >> (6 * more));
    while (more-- > 0)
        *out++ = (char)(0x80 | (point >> (6 * more) & 0x3F));
    return out;
}

bool orch_json_text(const orch_host *host, orch_run *run, orch_json value, orch_bytes *ret)
{
    orch_i_scan s = orch_i_over(value.ptr, value.len);
    char *start, *end;
    uint32_t point;

    if (!orch_i_eat(&s, '"'))
        return false;
    start = end =
        (char *)host->alloc(run, value.len); /* an escape is never shorter than its text */
    if (start == NULL)
        return false;
    while (orch_i_point(&s, &point) == 1)
        end = orch_i_put_utf8(end, point);
    *end = '\0';
    ret->ptr = start;
    ret->len = (uint64_t)(end - start);
    return true;
}

#endif
