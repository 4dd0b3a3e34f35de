/* fingerprint.c -- see fingerprint.h. */
#include "lanes/fingerprint.h"

#include "base/buf.h"
#include "base/uuid.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t hex_run(const char *at)
{
    size_t len = 0;

    while (is_hex(at[len]))
        len++;
    return len;
}

/* "00000000-0000-0000-0000-000000000000": looks at no byte behind the end of the text. */
static size_t uuid_len(const char *at)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    for (size_t i = 0; i < UUID_TEXT_BYTES - 1; i++) {
        if (form[i] == 'x' ? !is_hex(at[i]) : at[i] != form[i])
            return 0;
    }
    return UUID_TEXT_BYTES - 1;
}

/* What is left out here; 0: nothing, the byte stays. */
static size_t varying(const char *at)
{
    size_t len = uuid_len(at);

    if (len > 0)
        return len;
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && is_hex(at[2]))
        return 2 + hex_run(at + 2);
    len = hex_run(at);
    if (len >= HEX_RUN_MIN)
        return len;
    return is_digit(*at) ? 1 : 0;
}

struct sha256_hex fingerprint_of(const char *error_class, const char *message)
{
    auto_done(buf) text = {0};

    buf_addf(&text, "%s\n", error_class);
    while (*message != '\0') {
        size_t len = varying(message);

        if (len == 0)
            buf_addc(&text, *message++);
        else
            message += len;
    }
    return sha256_hex(buf_text(&text), text.len);
}
