/* jcs.c -- RFC 8785 canonical JSON. See json.h. */
#include "base/json.h"
#include "base/mem.h"
#include "base/powers10.h"
#include "base/sort.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Significant decimal digits of a finite double that is not zero: d1 d2 ... dn times
 * 10^(point - n), the shortest that reads back as the same number. */
struct decimal {
    char digits[20];
    int count;
    int point; /* position of the decimal point from the left of the digits */
};

/* ---- numbers: Schubfach (Raffaello Giulietti, "The Schubfach way to render doubles", 2020; the
 * constants are those of the JDK). Every number costs the same few multiplications: a text of long
 * numbers must not hold the loop, which trying precisions with printf and strtod does. ---- */

__extension__ typedef unsigned __int128 wide;

#define LOW_63 (UINT64_MAX >> 1)

enum {
    MANTISSA_BITS = 52,
    EXPONENT_FIRST = -1074, /* of the last bit of the smallest number */
};

static uint64_t mul_high(uint64_t a, uint64_t b)
{
    return (uint64_t)(((wide)a * b) >> 64);
}

/* floor(log10(2^e)), and of three quarters of it; floor(log2(10^e)). */
static int log10_pow2(int e)
{
    return (int)((e * INT64_C(661971961083)) >> 41);
}

static int log10_three_quarters_pow2(int e)
{
    return (int)((e * INT64_C(661971961083) - INT64_C(274743187321)) >> 41);
}

static int log2_pow10(int e)
{
    return (int)((e * INT64_C(913124641741)) >> 38);
}

/* n times the power, rounded to odd: the last bit says that something was cut off. */
static uint64_t scaled(const struct power10 *power, uint64_t n)
{
    uint64_t middle = ((power->high * n) >> 1) + mul_high(power->low, n);
    uint64_t high = mul_high(power->high, n) + (middle >> 63);

    return high | (((middle & LOW_63) + LOW_63) >> 63);
}

/* What rounds to a number lies between low and high, in quarters of 10^k; ends: they do as well. */
struct interval {
    uint64_t low, value, high;
    bool ends;
    int k;
};

/* number = mantissa * 2^e. */
static struct interval interval_of(uint64_t mantissa, int e)
{
    bool lopsided = mantissa == UINT64_C(1) << MANTISSA_BITS && e > EXPONENT_FIRST;
    int k = lopsided ? log10_three_quarters_pow2(e) : log10_pow2(e);
    const struct power10 *power = &powers10[k - POWERS10_FIRST];
    int shift = e + log2_pow10(-k) + 2;

    return (struct interval){
        .low = scaled(power, (4 * mantissa - (lopsided ? 1 : 2)) << shift),
        .value = scaled(power, (4 * mantissa) << shift),
        .high = scaled(power, (4 * mantissa + 2) << shift),
        .ends = mantissa % 2 == 0,
        .k = k,
    };
}

static bool above_low(const struct interval *in, uint64_t n)
{
    return in->low + (in->ends ? 0 : 1) <= 4 * n;
}

static bool below_high(const struct interval *in, uint64_t n)
{
    return 4 * n + (in->ends ? 0 : 1) <= in->high;
}

/* The one of one digit less that is inside, if there is one; or the nearer of the two neighbours.
 */
static uint64_t shortest_in(const struct interval *in)
{
    uint64_t n = in->value / 4, tens = n / 10 * 10;
    bool down, up;

    if (n >= 10) {
        down = above_low(in, tens);
        up = below_high(in, tens + 10);
        if (down != up)
            return down ? tens : tens + 10;
    }
    down = above_low(in, n);
    up = below_high(in, n + 1);
    if (down != up)
        return down ? n : n + 1;
    if (in->value == 4 * n + 2)
        return n + n % 2;
    return in->value < 4 * n + 2 ? n : n + 1;
}

static struct decimal decimal_of(uint64_t n, int k)
{
    struct decimal d = {.count = 0};
    char reversed[20];

    while (n % 10 == 0) {
        n /= 10;
        k++;
    }
    for (; n > 0; n /= 10)
        reversed[d.count++] = (char)('0' + n % 10);
    for (int i = 0; i < d.count; i++)
        d.digits[i] = reversed[d.count - 1 - i];
    d.point = d.count + k;
    return d;
}

/* number > 0 */
static struct decimal shortest(double number)
{
    struct interval in;
    uint64_t bits, mantissa;
    int exponent;

    memcpy(&bits, &number, sizeof bits);
    mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    exponent = (int)(bits >> MANTISSA_BITS);
    if (exponent > 0)
        mantissa |= UINT64_C(1) << MANTISSA_BITS;
    in = interval_of(mantissa, EXPONENT_FIRST + (exponent > 0 ? exponent - 1 : 0));
    return decimal_of(shortest_in(&in), in.k);
}

static char *put(char *out, const char *bytes, int count)
{
    memcpy(out, bytes, (size_t)count);
    return out + count;
}

static char *put_zeros(char *out, int count)
{
    memset(out, '0', (size_t)count);
    return out + count;
}

static char *put_exponent(char *out, int exponent)
{
    char digits[4];
    int count = 0, rest = abs(exponent);

    for (; rest > 0; rest /= 10)
        digits[count++] = (char)('0' + rest % 10);
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    while (count > 0)
        *out++ = digits[--count];
    return out;
}

/* ECMA-262 Number::toString steps 6 to 10, with n = point and k = count. */
static char *put_decimal(char *out, const struct decimal *d)
{
    int before = d->point;

    if (d->count <= d->point && d->point <= 21)
        return put_zeros(put(out, d->digits, d->count), d->point - d->count);
    if (-6 < d->point && d->point <= 0)
        return put(put_zeros(put(out, "0.", 2), -d->point), d->digits, d->count);
    if (d->point <= 0 || d->point > 21)
        before = 1;
    out = put(out, d->digits, before);
    if (d->count > before)
        out = put(put(out, ".", 1), d->digits + before, d->count - before);
    return before == d->point ? out : put_exponent(out, d->point - 1);
}

void jcs_number(double number, char *out)
{
    struct decimal d;

    assert(isfinite(number));
    if (number == 0) {
        memcpy(out, "0", sizeof "0");
        return;
    }
    if (number < 0)
        *out++ = '-';
    d = shortest(fabs(number));
    *put_decimal(out, &d) = '\0';
}

/* 21 digits at most: from 1e21 on RFC 8785 writes an exponent. */
bool jcs_whole_real(const char *text, size_t len, double *ret)
{
    char copy[24], canonical[32];
    double number;

    if (len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    number = strtod(copy, NULL);
    jcs_number(number, canonical);
    if (strcmp(copy, canonical) != 0 || fabs(number) <= (double)JSON_SAFE_INT_MAX)
        return false;
    *ret = number;
    return true;
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

/* Of structs whose first member is a key. */
static int key_order(const void *a, const void *b)
{
    return utf16_compare(*(const char *const *)a, *(const char *const *)b);
}

void jcs_sort_members(struct json_member *members, size_t count)
{
    sort_mostly_ordered(members, count, sizeof *members, key_order);
}

enum { FEW_MEMBERS = 16 }; /* need no memory of their own */

struct member {
    const char *key;
    const json_t *value;
};

static bool write_members(const struct member *members, size_t count, struct buf *b, struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_addc(b, ',');
        buf_add_json_str(b, members[i].key, strlen(members[i].key));
        buf_addc(b, ':');
        if (!jcs_write(members[i].value, b, e))
            return false;
    }
    return true;
}

static bool write_object(const json_t *value, struct buf *b, struct err *e)
{
    size_t count = json_object_size(value), n = 0;
    auto_mem struct member *many = count > FEW_MEMBERS ? mem_array(count, struct member) : NULL;
    struct member few[FEW_MEMBERS], *members = many != NULL ? many : few;
    const char *key;
    json_t *child;

    if (count == 0) {
        buf_add(b, "{}", 2);
        return true;
    }
    json_object_foreach((json_t *)value, key, child) members[n++] = (struct member){key, child};
    assert(n == count);
    sort_mostly_ordered(members, n, sizeof *members, key_order);
    buf_addc(b, '{');
    if (!write_members(members, n, b, e))
        return false;
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
    buf_add_int(b, number);
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
