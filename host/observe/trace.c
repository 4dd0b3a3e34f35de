/* trace.c -- see trace.h. */
#include "observe/trace.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static bool is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdef") >= len;
}

/* 00-<32>-<16>-<2>; a later version may have more behind it. All-zero ids are invalid. */
static bool traceparent_valid(const char *text)
{
    size_t len = strlen(text);

    if (len < 55 || (strncmp(text, "00", 2) == 0 && len != 55) || strncmp(text, "ff", 2) == 0)
        return false;
    if (!is_hex(text, 2) || text[2] != '-' || !is_hex(text + 3, 32) || text[35] != '-' ||
        !is_hex(text + 36, 16) || text[52] != '-' || !is_hex(text + 53, 2))
        return false;
    if (len > 55 && text[55] != '-')
        return false;
    return strspn(text + 3, "0") < 32 && strspn(text + 36, "0") < 16;
}

static void random_hex(char *out, size_t bytes)
{
    uint8_t raw[16];

    /* getrandom of 16 bytes neither fails nor is cut once the pool is ready (random(7)). */
    ssize_t got = getrandom(raw, bytes, 0);

    assert(got == (ssize_t)bytes);
    text_hex(raw, bytes, out);
}

struct trace trace_of(const char *traceparent)
{
    struct trace t;
    char span[17], flags[3] = "01";

    random_hex(span, 8);
    if (traceparent_valid(traceparent)) {
        memcpy(t.trace_id, traceparent + 3, 32);
        memcpy(flags, traceparent + 53, 2);
    } else {
        random_hex(t.trace_id, 16);
    }
    t.trace_id[32] = '\0';
    snprintf(t.traceparent, sizeof t.traceparent, "00-%.32s-%.16s-%.2s", t.trace_id, span, flags);
    return t;
}
