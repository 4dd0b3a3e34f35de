/* redact.c -- see redact.h. */
#include "sandbox/redact.h"

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

static void add_json(struct redactor *r, const char *value, size_t len)
{
    auto_done(buf) b = {0};

    buf_add_json_str(&b, value, len);
    add_pattern(r, b.data + 1, b.len - 2); /* without its quotes */
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
    add_json(r, value, len);
    add_percent(r, value, len, upper);
    add_percent(r, value, len, lower);
    add_hex(r, value, len, upper);
    add_hex(r, value, len, lower);
    for (size_t before = 0; before < 3; before++) {
        add_base64(r, value, len, before, "+/");
        add_base64(r, value, len, before, "-_");
    }
}

/* The longest pattern that begins at text. */
static size_t match(const struct redactor *r, const char *text, size_t left)
{
    size_t longest = 0;

    if (!r->starts[(uint8_t)text[0]])
        return 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct redact_pattern *p = &r->patterns[i];

        if (p->len > longest && p->len <= left && memcmp(p->bytes, text, p->len) == 0)
            longest = p->len;
    }
    return longest;
}

bool redact_copy(const struct redactor *r, const char *text, size_t len, struct buf *b)
{
    size_t kept = 0;
    bool found = false;

    for (size_t i = 0; i < len;) {
        size_t n = match(r, text + i, len - i);

        if (n == 0) {
            i++;
            continue;
        }
        buf_add(b, text + kept, i - kept);
        buf_adds(b, MARK);
        i += n;
        kept = i;
        found = true;
    }
    buf_add(b, text + kept, len - kept);
    return found;
}

void redactor_done(struct redactor *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->patterns[i].bytes);
    free(r->patterns);
    *r = (struct redactor){0};
}
