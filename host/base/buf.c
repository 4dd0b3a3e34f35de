/* buf.c -- see buf.h. */
#include "base/buf.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_done(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void buf_reserve(struct buf *b, size_t more)
{
    size_t need = b->len + more + 1;
    size_t cap = b->cap > 0 ? b->cap : 64;

    assert(need > b->len);
    if (need <= b->cap)
        return;
    while (cap < need)
        cap += cap / 2 + 64;
    b->data = mem_resize(b->data, cap, 1);
    b->cap = cap;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    buf_reserve(b, len);
    if (len > 0)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_addc(struct buf *b, char c)
{
    buf_reserve(b, 1);
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}

void buf_add_int(struct buf *b, int64_t number)
{
    char text[20], *at = text + sizeof text; /* from the right */
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--at = '-';
    buf_add(b, at, (size_t)(text + sizeof text - at));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list args, again;
    int need;

    va_start(args, fmt);
    va_copy(again, args);
    need = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    assert(need >= 0);
    buf_reserve(b, (size_t)need);
    vsnprintf(b->data + b->len, (size_t)need + 1, fmt, again);
    va_end(again);
    b->len += (size_t)need;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data != NULL)
        b->data[0] = '\0';
}

void buf_cut(struct buf *b, size_t from_start)
{
    assert(from_start <= b->len);
    if (from_start == 0)
        return;
    memmove(b->data, b->data + from_start, b->len - from_start + 1);
    b->len -= from_start;
}

const char *buf_text(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}

char *buf_take(struct buf *b)
{
    char *data;

    buf_reserve(b, 0);
    data = b->data;
    data[b->len] = '\0';
    *b = (struct buf){0};
    return data;
}

/* The two-character escapes of RFC 8785 3.2.2.2; 0 where there is none. */
static char short_escape(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

static void add_escape(struct buf *b, unsigned char c)
{
    char esc = short_escape(c);

    if (esc != 0)
        buf_add(b, (char[]){'\\', esc}, 2);
    else
        buf_addf(b, "\\u%04x", c);
}

void buf_add_escaped(struct buf *b, const char *text, size_t len)
{
    for (;;) {
        size_t plain = text_plain_prefix(text, len);

        buf_add(b, text, plain);
        if (plain == len)
            return;
        add_escape(b, (unsigned char)text[plain]);
        text += plain + 1;
        len -= plain + 1;
    }
}

void buf_add_json_str(struct buf *b, const char *text, size_t len)
{
    size_t plain = text_plain_prefix(text, len);

    buf_reserve(b, len + 2);
    b->data[b->len++] = '"';
    if (plain > 0)
        memcpy(b->data + b->len, text, plain);
    b->len += plain;
    if (plain < len)
        buf_add_escaped(b, text + plain, len - plain);
    buf_addc(b, '"');
}
