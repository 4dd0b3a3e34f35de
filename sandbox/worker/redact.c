/* redact.c -- see redact.h. */
#include "sandbox/worker/redact.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define MARK "[redacted]"

static void add_pattern(struct redactor *r, const char *bytes, size_t len)
{
    if (len == 0)
        return;
    for (size_t i = 0; i < r->count; i++)
        if (r->patterns[i].len == len && memcmp(r->patterns[i].bytes, bytes, len) == 0)
            return;
    r->patterns = mem_resize(r->patterns, r->count + 1, sizeof *r->patterns);
    r->patterns[r->count++] = (struct redact_pattern){mem_dup(bytes, len), len};
    r->starts[(uint8_t)bytes[0]] = true;
}

static bool unreserved(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

static void add_hex_byte(struct buf *b, uint8_t byte, const char *digits)
{
    buf_addc(b, digits[byte >> 4]);
    buf_addc(b, digits[byte & 15]);
}

static void add_percent(struct redactor *r, const uint8_t *value, size_t len, const char *digits)
{
    auto_done(buf) b = {0};

    for (size_t i = 0; i < len; i++) {
        if (unreserved(value[i])) {
            buf_addc(&b, (char)value[i]);
            continue;
        }
        buf_addc(&b, '%');
        add_hex_byte(&b, value[i], digits);
    }
    add_pattern(r, b.data, b.len);
}

static void add_hex(struct redactor *r, const uint8_t *value, size_t len, const char *digits)
{
    auto_done(buf) b = {0};

    for (size_t i = 0; i < len; i++)
        add_hex_byte(&b, value[i], digits);
    add_pattern(r, b.data, b.len);
}

/* The digits that depend on the value alone when `before` other bytes share its first group. */
static void add_base64(struct redactor *r, const uint8_t *value, size_t len, size_t before,
                       const char *last_two)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    size_t first_bit = (before * 8 + 5) / 6 * 6, end_bit = (before + len) * 8;
    auto_done(buf) b = {0};

    for (size_t bit = first_bit; bit + 6 <= end_bit; bit += 6) {
        unsigned digit = 0;

        for (size_t i = bit; i < bit + 6; i++)
            digit = digit << 1 | (value[i / 8 - before] >> (7 - i % 8) & 1);
        buf_addc(&b, digit < 62 ? digits[digit] : last_two[digit - 62]);
    }
    add_pattern(r, b.data, b.len);
}

void redact_add(struct redactor *r, const void *value, size_t len)
{
    static const char upper[] = "0123456789ABCDEF", lower[] = "0123456789abcdef";

    add_pattern(r, value, len);
    if (len < REDACT_ENCODED_BYTES_MIN)
        return;
    add_percent(r, value, len, upper);
    add_percent(r, value, len, lower);
    add_hex(r, value, len, upper);
    add_hex(r, value, len, lower);
    for (size_t before = 0; before < 3; before++) {
        add_base64(r, value, len, before, "+/");
        add_base64(r, value, len, before, "-_");
    }
}

/* ---- JSON escapes, undone while comparing: a value may be spelt in many ways ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The unit behind "\\u" at text; -1 when there is none. */
static int32_t escaped_unit(const char *text, size_t left)
{
    int32_t unit = 0;

    if (left < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(text[i]);

        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static size_t put_utf8(uint32_t point, char out[4])
{
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

    for (size_t i = len; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3F));
    out[0] = (char)(lead[len == 1 ? 0 : len] | point);
    return len;
}

/* One character at text as the bytes it stands for; *ret_used of text. What is no escape stands
 * for itself. */
static size_t unescape(const char *text, size_t left, char out[4], size_t *ret_used)
{
    static const char short_forms[] = "\"\\/bfnrt", short_values[] = "\"\\/\b\f\n\r\t";
    int32_t unit = escaped_unit(text, left), low;
    const char *form;

    *ret_used = 1;
    out[0] = text[0];
    if (unit >= 0) {
        *ret_used = 6;
        low = unit >> 10 == 0x36 ? escaped_unit(text + 6, left - 6) : -1;
        if (low < 0 || low >> 10 != 0x37)
            return put_utf8((uint32_t)unit, out);
        *ret_used = 12;
        return put_utf8(0x10000 + ((uint32_t)(unit & 0x3FF) << 10 | (uint32_t)(low & 0x3FF)), out);
    }
    form = left > 1 && text[0] == '\\' && text[1] != '\0' ? strchr(short_forms, text[1]) : NULL;
    if (form != NULL) {
        *ret_used = 2;
        out[0] = short_values[form - short_forms];
    }
    return 1;
}

/* How much of text spells the pattern, escapes undone; 0: it does not. */
static size_t spells(const struct redact_pattern *p, const char *text, size_t left)
{
    size_t at = 0, done = 0;

    while (done < p->len) {
        char bytes[4];
        size_t used, n;

        if (at == left)
            return 0;
        n = unescape(text + at, left - at, bytes, &used);
        if (n > p->len - done || memcmp(p->bytes + done, bytes, n) != 0)
            return 0;
        done += n;
        at += used;
    }
    return at;
}

/* The longest piece of text, from its begin, that is a pattern as it is or escaped. */
static size_t match(const struct redactor *r, const char *text, size_t left)
{
    size_t longest = 0;

    if (!r->starts[(uint8_t)text[0]] && text[0] != '\\')
        return 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct redact_pattern *p = &r->patterns[i];
        bool plain = p->len <= left && memcmp(p->bytes, text, p->len) == 0;
        size_t len = plain ? p->len : spells(p, text, left);

        if (len > longest)
            longest = len;
    }
    return longest;
}

size_t redact_copy(const struct redactor *r, const char *text, size_t len, size_t most,
                   struct buf *b)
{
    size_t begin = b->len, kept = 0, i = 0;

    while (i < len && b->len - begin + (i - kept) <= most) {
        size_t n = match(r, text + i, len - i);

        if (n == 0) {
            i++;
            continue;
        }
        buf_add(b, text + kept, i - kept);
        buf_adds(b, MARK);
        i += n;
        kept = i;
    }
    buf_add(b, text + kept, i - kept);
    return i;
}
