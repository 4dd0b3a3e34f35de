/* json_scan.c -- the grammar of RFC 8259 in one pass, without a tree and without memory that grows
 * with the text. See json.h. */
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

enum { LEVELS_MAX = 4 * JSON_DEPTH_MAX, SAFE_INT_DIGITS = 16 };

struct scan {
    const unsigned char *at, *end;
    const struct json_limits *limits;
    unsigned depth;
    size_t values;
    const unsigned char *begin;
    struct buf *wide; /* NULL: nobody asks */
    bool too_many;
    bool object[LEVELS_MAX]; /* of each open level: an object, or an array */
    char why[128];           /* once it failed */
};

/* What follows a piece of the text. */
enum next { NEXT_VALUE, NEXT_BEHIND, NEXT_BAD };

static bool refuse(struct scan *s, const char *why)
{
    snprintf(s->why, sizeof s->why, "%s", why);
    return false;
}

static enum next bad(struct scan *s, const char *why)
{
    refuse(s, why);
    return NEXT_BAD;
}

/* 0 behind the end, which no token begins with. */
static unsigned char peek(const struct scan *s)
{
    return s->at < s->end ? *s->at : 0;
}

static void skip_space(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
        s->at++;
}

/* ---- strings ---- */

/* The four digits behind \u; false without moving when they are not there. */
static bool hex4(struct scan *s, unsigned *ret)
{
    unsigned value = 0;

    if (s->end - s->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        unsigned char c = s->at[i], low = c | 0x20;

        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if (low >= 'a' && low <= 'f')
            value = value * 16 + (low - 'a' + 10);
        else
            return false;
    }
    s->at += 4;
    *ret = value;
    return true;
}

/* Behind \u. */
static bool scan_code_point(struct scan *s)
{
    unsigned high, low;

    if (!hex4(s, &high))
        return refuse(s, "four hexadecimal digits are needed behind \\u");
    if (high == 0)
        return refuse(s, "\\u0000 is not taken in a string");
    if (high >= 0xDC00 && high <= 0xDFFF)
        return refuse(s, "a lone surrogate in a string");
    if (high < 0xD800 || high > 0xDBFF)
        return true;
    if (s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
        return refuse(s, "a lone surrogate in a string");
    s->at += 2;
    if (!hex4(s, &low) || low < 0xDC00 || low > 0xDFFF)
        return refuse(s, "a lone surrogate in a string");
    return true;
}

/* Behind the backslash. */
static bool scan_escape(struct scan *s)
{
    unsigned char c = peek(s);

    if (c == 0 || strchr("\"\\/bfnrtu", c) == NULL)
        return refuse(s, "an escape that JSON does not have");
    s->at++;
    return c != 'u' || scan_code_point(s);
}

/* To what ends a string or may not be in one; false: the text ends before. */
static bool skip_plain(struct scan *s)
{
    s->at += text_plain_prefix(s->at, (size_t)(s->end - s->at));
    return s->at < s->end;
}

/* UTF-8 was checked over the whole text. */
static bool scan_string(struct scan *s)
{
    s->at++;
    while (skip_plain(s)) {
        unsigned char c = *s->at;

        if (c < 0x20)
            return refuse(s, "a control character in a string");
        s->at++;
        if (c == '"')
            return true;
        if (!scan_escape(s))
            return false;
    }
    return refuse(s, "a string without its end");
}

/* ---- other scalars ---- */

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool scan_digits(struct scan *s)
{
    if (!is_digit(peek(s)))
        return refuse(s, "a digit is missing in a number");
    while (is_digit(peek(s)))
        s->at++;
    return true;
}

/* digits: without sign and leading zeros. */
static bool int_safe(const unsigned char *digits, size_t count)
{
    static const char most[] = "9007199254740991";

    return count < SAFE_INT_DIGITS ||
           (count == SAFE_INT_DIGITS && memcmp(digits, most, SAFE_INT_DIGITS) <= 0);
}

/* Digits alone, beyond what every reader holds as an integer. */
static bool scan_wide(struct scan *s, const unsigned char *number)
{
    size_t end = (size_t)(s->at - s->begin);
    double real;

    if (!jcs_whole_real((const char *)number, (size_t)(s->at - number), &real))
        return refuse(s, "an integer is beyond +-(2^53-1), which JSON readers do not agree on "
                         "(RFC 7493 2.2); send it as a string");
    if (s->wide != NULL)
        buf_add(s->wide, &end, sizeof end);
    return true;
}

static bool scan_number(struct scan *s)
{
    const unsigned char *number = s->at, *digits;

    s->at += *s->at == '-' ? 1 : 0;
    digits = s->at;
    if (!scan_digits(s))
        return false;
    if (*digits == '0' && s->at - digits > 1)
        return refuse(s, "a number with a leading zero");
    if (peek(s) != '.' && (peek(s) | 0x20) != 'e')
        return int_safe(digits, (size_t)(s->at - digits)) || scan_wide(s, number);
    if (peek(s) == '.') {
        s->at++;
        if (!scan_digits(s))
            return false;
    }
    if ((peek(s) | 0x20) != 'e')
        return true;
    s->at++;
    s->at += peek(s) == '+' || peek(s) == '-' ? 1 : 0;
    return scan_digits(s);
}

static bool scan_word(struct scan *s, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return refuse(s, "a value begins with a letter and is not true, false or null");
    s->at += len;
    return true;
}

static bool scan_scalar(struct scan *s)
{
    unsigned char c = peek(s);

    if (c == '"')
        return scan_string(s);
    if (c == '-' || is_digit(c))
        return scan_number(s);
    if (c >= 'a' && c <= 'z')
        return scan_word(s, c == 't' ? "true" : c == 'f' ? "false" : "null");
    return refuse(s, s->at < s->end ? "a value is missing" : "the text ends before its value");
}

/* ---- arrays, objects ---- */

/* The name of a member and its colon. */
static enum next scan_name(struct scan *s)
{
    skip_space(s);
    if (peek(s) != '"')
        return bad(s, "the name of a member is missing");
    if (!scan_string(s))
        return NEXT_BAD;
    skip_space(s);
    if (peek(s) != ':')
        return bad(s, "':' is missing behind a name");
    s->at++;
    return NEXT_VALUE;
}

static unsigned char closer(const struct scan *s)
{
    return s->object[s->depth - 1] ? '}' : ']';
}

static enum next scan_close(struct scan *s)
{
    s->at++;
    s->depth--;
    return NEXT_BEHIND;
}

static enum next scan_open(struct scan *s)
{
    if (s->depth == s->limits->depth_max) {
        snprintf(s->why, sizeof s->why, "nested deeper than %u levels", s->limits->depth_max);
        return NEXT_BAD;
    }
    s->object[s->depth++] = *s->at == '{';
    s->at++;
    skip_space(s);
    if (peek(s) == closer(s))
        return scan_close(s);
    return s->object[s->depth - 1] ? scan_name(s) : NEXT_VALUE;
}

static enum next scan_value(struct scan *s)
{
    unsigned char c;

    skip_space(s);
    if (s->limits->values_max != 0 && s->values == s->limits->values_max) {
        s->too_many = true;
        return NEXT_BAD;
    }
    s->values++;
    c = peek(s);
    if (c == '{' || c == '[')
        return scan_open(s);
    return scan_scalar(s) ? NEXT_BEHIND : NEXT_BAD;
}

/* Behind a value inside of an array or object. */
static enum next scan_behind(struct scan *s)
{
    skip_space(s);
    if (peek(s) == closer(s))
        return scan_close(s);
    if (peek(s) != ',')
        return bad(s, s->at < s->end ? "',' or the end of the array or object is missing"
                                     : "the text ends inside of an array or object");
    s->at++;
    return s->object[s->depth - 1] ? scan_name(s) : NEXT_VALUE;
}

static bool scan_text(struct scan *s)
{
    enum next next = NEXT_VALUE;

    while (next != NEXT_BAD && (next == NEXT_VALUE || s->depth > 0))
        next = next == NEXT_VALUE ? scan_value(s) : scan_behind(s);
    if (next == NEXT_BAD)
        return false;
    skip_space(s);
    return s->at == s->end || refuse(s, "the text goes on behind its value");
}

static struct json_place place_of(const char *text, const unsigned char *at)
{
    struct json_place place = {1, 1};

    for (const unsigned char *p = (const unsigned char *)text; p < at; p++) {
        if (*p == '\n')
            place = (struct json_place){place.line + 1, 1};
        else
            place.column += (*p & 0xC0) != 0x80 ? 1 : 0; /* characters, not bytes */
    }
    return place;
}

bool json_scan(const char *text, size_t len, const struct json_limits *limits,
               struct json_place *ret_place, struct err *e)
{
    return json_scan_wide(text, len, limits, NULL, ret_place, e);
}

bool json_scan_wide(const char *text, size_t len, const struct json_limits *limits,
                    struct buf *ret_wide, struct json_place *ret_place, struct err *e)
{
    struct json_place unused, *place = ret_place != NULL ? ret_place : &unused;
    struct scan s = {.limits = limits, .wide = ret_wide};
    size_t good;

    assert(limits->depth_max <= LEVELS_MAX);
    *place = (struct json_place){0, 0};
    if (len > limits->bytes_max)
        return err_set(e, ERR_TOO_LARGE, "JSON text has %zu bytes, at most %zu are taken", len,
                       limits->bytes_max);
    good = text_utf8_prefix(text, len);
    s.begin = s.at = (const unsigned char *)text;
    s.end = s.at + good;
    if (scan_text(&s) && good == len)
        return true;
    if (s.at == s.end && good < len)
        refuse(&s, "not UTF-8");
    *place = place_of(text, s.at);
    if (s.too_many)
        return err_set(e, ERR_TOO_LARGE,
                       "line %d column %d: JSON text has more than %zu values, at most so many are "
                       "taken",
                       place->line, place->column, limits->values_max);
    return err_set(e, ERR_INVALID, "line %d column %d: %s", place->line, place->column, s.why);
}
