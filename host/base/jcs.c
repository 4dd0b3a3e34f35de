/* jcs.c -- RFC 8785 canonical JSON. See json.h. */
#include "base/json.h"
#include "base/mem.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Significant decimal digits of a finite double that is not zero: d1 d2 ... dn times
 * 10^(point - n), the shortest that reads back as the same number. */
struct decimal {
    char digits[20];
    int count;
    int point; /* position of the decimal point from the left of the digits */
};

static bool reads_back(const struct decimal *d, double number)
{
    char text[48];

    snprintf(text, sizeof text, "0.%.*se%d", d->count, d->digits, d->point);
    return strtod(text, NULL) == number;
}

static struct decimal decimal_of(double number, int precision)
{
    struct decimal d = {.count = 0};
    char text[40];

    snprintf(text, sizeof text, "%.*e", precision - 1, number);
    for (const char *p = text; *p != 'e'; p++) {
        if (*p != '.')
            d.digits[d.count++] = *p;
    }
    d.point = atoi(strchr(text, 'e') + 1) + 1;
    while (d.count > 1 && d.digits[d.count - 1] == '0')
        d.count--;
    return d;
}

/* The next larger decimal of the same length; false when a carry would lengthen it. */
static bool decimal_step_up(struct decimal *d)
{
    int i = d->count - 1;

    while (i >= 0 && d->digits[i] == '9')
        d->digits[i--] = '0';
    if (i < 0)
        return false;
    d->digits[i]++;
    return true;
}

/* Every decimal of up to 15 digits survives the trip through a double, so 15 correctly rounded
 * digits are the shortest form whenever they read back. Below a power of two the interval that
 * reads back is lopsided: the nearest 16 digits may miss where the next ones up do not. */
static struct decimal shortest(double number)
{
    struct decimal d, up;

    for (int precision = 1; precision < 15 && number < DBL_MIN; precision++) {
        d = decimal_of(number, precision); /* subnormals have fewer digits than 15 */
        if (reads_back(&d, number))
            return d;
    }
    d = decimal_of(number, 15);

    if (reads_back(&d, number))
        return d;
    d = decimal_of(number, 16);
    if (reads_back(&d, number))
        return d;
    up = d;
    if (up.count == 16 && decimal_step_up(&up) && reads_back(&up, number))
        return up;
    return decimal_of(number, 17);
}

/* ECMA-262 Number::toString steps 6 to 10, with n = point and k = count. */
void jcs_number(double number, char *out)
{
    struct decimal d;
    const char *sign = number < 0 ? "-" : "";

    assert(isfinite(number));
    if (number == 0) {
        memcpy(out, "0", sizeof "0");
        return;
    }
    d = shortest(fabs(number));
    if (d.count <= d.point && d.point <= 21)
        sprintf(out, "%s%.*s%.*s", sign, d.count, d.digits, d.point - d.count,
                "000000000000000000000");
    else if (0 < d.point && d.point <= 21)
        sprintf(out, "%s%.*s.%.*s", sign, d.point, d.digits, d.count - d.point, d.digits + d.point);
    else if (-6 < d.point && d.point <= 0)
        sprintf(out, "%s0.%.*s%.*s", sign, -d.point, "000000", d.count, d.digits);
    else if (d.count == 1)
        sprintf(out, "%s%ce%+d", sign, d.digits[0], d.point - 1);
    else
        sprintf(out, "%s%c.%.*se%+d", sign, d.digits[0], d.count - 1, d.digits + 1, d.point - 1);
}

/* Compares two UTF-8 keys as arrays of UTF-16 code units (RFC 8785 3.2.3). UTF-8 byte order is
 * code-point order; it differs only where a supplementary character (lead byte F0..F4, surrogates
 * D800..DFFF in UTF-16) meets one from U+E000 to U+FFFF (lead byte EE or EF). */
static int utf16_compare(const char *a, const char *b)
{
    const unsigned char *p = (const unsigned char *)a, *q = (const unsigned char *)b;

    while (*p != 0 && *p == *q) {
        p++;
        q++;
    }
    if (*p >= 0xEE && *q >= 0xEE) {
        bool p_pair = *p >= 0xF0, q_pair = *q >= 0xF0;

        if (p_pair != q_pair)
            return p_pair ? -1 : 1;
    }
    return (int)*p - (int)*q;
}

static int key_order(const void *a, const void *b)
{
    return utf16_compare(*(const char *const *)a, *(const char *const *)b);
}

static bool write_object(const json_t *value, struct buf *b, struct err *e)
{
    size_t count = json_object_size(value), n = 0;
    auto_mem const char **keys = mem_array(count, const char *);
    const char *key;
    json_t *child;

    json_object_foreach((json_t *)value, key, child) keys[n++] = key;
    qsort(keys, count, sizeof *keys, key_order);
    buf_addc(b, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_addc(b, ',');
        buf_add_json_str(b, keys[i], strlen(keys[i]));
        buf_addc(b, ':');
        if (!jcs_write(json_object_get(value, keys[i]), b, e))
            return false;
    }
    buf_addc(b, '}');
    return true;
}

static bool write_array(const json_t *value, struct buf *b, struct err *e)
{
    buf_addc(b, '[');
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i > 0)
            buf_addc(b, ',');
        if (!jcs_write(json_array_get(value, i), b, e))
            return false;
    }
    buf_addc(b, ']');
    return true;
}

static bool write_integer(json_int_t number, struct buf *b, struct err *e)
{
    if (number < -JSON_SAFE_INT_MAX || number > JSON_SAFE_INT_MAX)
        return err_set(e, ERR_INVALID, "integer %lld is beyond +-(2^53-1)", (long long)number);
    buf_addf(b, "%lld", (long long)number);
    return true;
}

static bool write_real(double number, struct buf *b, struct err *e)
{
    char text[32];

    if (!isfinite(number))
        return err_set(e, ERR_INVALID, "a number that is not finite has no JSON form");
    jcs_number(number, text);
    buf_adds(b, text);
    return true;
}

bool jcs_write(const json_t *value, struct buf *b, struct err *e)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return write_object(value, b, e);
    case JSON_ARRAY:
        return write_array(value, b, e);
    case JSON_STRING:
        buf_add_json_str(b, json_string_value(value), json_string_length(value));
        return true;
    case JSON_INTEGER:
        return write_integer(json_integer_value(value), b, e);
    case JSON_REAL:
        return write_real(json_real_value(value), b, e);
    case JSON_TRUE:
        buf_adds(b, "true");
        return true;
    case JSON_FALSE:
        buf_adds(b, "false");
        return true;
    case JSON_NULL:
        buf_adds(b, "null");
        return true;
    }
    return err_set(e, ERR_INVALID, "a value of no JSON type");
}

bool jcs_sha256(const json_t *value, struct sha256_hex *ret, struct err *e)
{
    auto_done(buf) text = {0};

    if (!jcs_write(value, &text, e))
        return false;
    *ret = sha256_hex(buf_text(&text), text.len);
    return true;
}
