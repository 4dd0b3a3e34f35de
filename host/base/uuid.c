/* uuid.c -- see uuid.h. */
#include "base/uuid.h"

#include "base/text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

void uuid7(int64_t wall_us, char out[UUID_TEXT_BYTES])
{
    uint8_t b[16];
    uint64_t ms = (uint64_t)(wall_us / 1000);
    uint64_t sub_ms = (uint64_t)(wall_us % 1000) * 4096 / 1000; /* RFC 9562 6.2 method 3 */
    char hex[33];

    randombytes_buf(b, sizeof b);
    for (int i = 0; i < 6; i++)
        b[i] = (uint8_t)(ms >> (8 * (5 - i)));
    b[6] = (uint8_t)(0x70 | (sub_ms >> 8));
    b[7] = (uint8_t)sub_ms;
    b[8] = (uint8_t)(0x80 | (b[8] & 0x3F));
    text_hex(b, sizeof b, hex);
    snprintf(out, UUID_TEXT_BYTES, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

bool uuid_is_valid(const char *text)
{
    if (strlen(text) != UUID_TEXT_BYTES - 1)
        return false;
    for (int i = 0; i < UUID_TEXT_BYTES - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text[i] != '-' : strchr("0123456789abcdef", text[i]) == NULL)
            return false;
    }
    return true;
}
