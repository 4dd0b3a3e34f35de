/* text.c -- see text.h. */
#include "base/text.h"

#include "base/mem.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the valid sequence at p, or 0. The ranges are those of RFC 3629 section 4. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t more;

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        more = 1;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF)
        more = 2;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        more = 3;
    else
        return 0;
    if (left <= more)
        return 0;
    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        high = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        high = 0x8F;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i <= more; i++) {
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
    }
    return more + 1;
}

/* A byte in each of the eight of a word. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t not_ascii(uint64_t word)
{
    return word & EACH(0x80);
}

/* Not 0 when a byte is below limit, which is 0x80 at most. */
static uint64_t below(uint64_t word, unsigned char limit)
{
    return (word - EACH(limit)) & ~word & EACH(0x80);
}

static uint64_t not_plain(uint64_t word)
{
    return below(word, 0x20) | below(word ^ EACH('"'), 1) | below(word ^ EACH('\\'), 1);
}

/* Bytes at the begin in words of eight that have none such. */
static inline size_t words_without(uint64_t (*such)(uint64_t), const unsigned char *p, size_t len)
{
    size_t at = 0;
    uint64_t word;

    for (; len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, p + at, sizeof word);
        if (such(word) != 0)
            break;
    }
    return at;
}

size_t text_utf8_prefix(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    size_t at = 0, step = 1;

    for (; at < len && step > 0; at += step) {
        at += words_without(not_ascii, p + at, len - at);
        step = at < len ? utf8_sequence(p + at, len - at) : 0;
    }
    return at;
}

bool text_utf8_valid(const void *bytes, size_t len)
{
    return text_utf8_prefix(bytes, len) == len;
}

size_t text_plain_prefix(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    size_t at = words_without(not_plain, p, len);

    while (at < len && p[at] >= 0x20 && p[at] != '"' && p[at] != '\\')
        at++;
    return at;
}

void text_add_printable(struct buf *b, const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;

    for (size_t at = 0; at < len;) {
        size_t step = utf8_sequence(p + at, len - at);
        bool c1 = step == 2 && p[at] == 0xC2 && p[at + 1] < 0xA0;

        if (step == 0) {
            buf_adds(b, "\xEF\xBF\xBD");
            at++;
        } else if (c1) {
            buf_addf(b, "\\x%02x", p[at + 1]);
            at += 2;
        } else if (p[at] < 0x20 || p[at] == 0x7F) {
            buf_addf(b, "\\x%02x", p[at]);
            at++;
        } else {
            buf_add(b, p + at, step);
            at += step;
        }
    }
}

void text_add_utf8(struct buf *b, const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;

    for (size_t at = 0; at < len;) {
        size_t step = utf8_sequence(p + at, len - at);

        if (step == 0)
            buf_adds(b, "\xEF\xBF\xBD");
        else if (p[at] == '\0')
            buf_adds(b, "\\x00");
        else
            buf_add(b, p + at, step);
        at += step > 0 ? step : 1;
    }
}

void text_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

bool text_unhex(const char *hex, size_t hex_len, uint8_t *ret, size_t len)
{
    size_t written = 0;

    if (hex_len != 2 * len)
        return false;
    return sodium_hex2bin(ret, len, hex, hex_len, NULL, &written, NULL) == 0 && written == len;
}

bool text_is_sha256(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

struct fingerprint text_fingerprint(const uint8_t digest[32])
{
    struct fingerprint ret;
    char base64[sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];

    sodium_bin2base64(base64, sizeof base64, digest, 32, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    snprintf(ret.text, sizeof ret.text, "SHA256:%s", base64);
    return ret;
}

const char *text_fingerprint_of(const char *hex, struct fingerprint *room)
{
    uint8_t digest[32];

    if (!text_is_sha256(hex) || !text_unhex(hex, 64, digest, sizeof digest))
        return hex;
    *room = text_fingerprint(digest);
    return room->text;
}

static int base64_variant(bool url)
{
    return url ? sodium_base64_VARIANT_URLSAFE_NO_PADDING : sodium_base64_VARIANT_ORIGINAL;
}

void text_add_base64(struct buf *b, const void *bytes, size_t len, bool url)
{
    size_t room = sodium_base64_encoded_len(len, base64_variant(url));

    buf_reserve(b, room);
    sodium_bin2base64(b->data + b->len, room, bytes, len, base64_variant(url));
    b->len += strlen(b->data + b->len);
}

bool text_unbase64(struct buf *b, const char *text, size_t len, bool url, struct err *e)
{
    size_t room = len / 4 * 3 + 3;
    size_t written = 0;

    buf_reserve(b, room);
    if (sodium_base642bin((unsigned char *)b->data + b->len, room, text, len, NULL, &written, NULL,
                          base64_variant(url)) != 0)
        return err_set(e, ERR_INVALID, "not valid %s", url ? "base64url" : "base64");
    b->len += written;
    b->data[b->len] = '\0';
    return true;
}

bool text_is_among(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], text) == 0)
            return true;
    }
    return false;
}

bool text_copy(char *out, size_t out_bytes, const char *text)
{
    size_t len = strlen(text);

    if (len >= out_bytes)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

enum { NEAREST_WORD_MAX = 64 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Levenshtein distance of two words of at most NEAREST_WORD_MAX bytes. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NEAREST_WORD_MAX + 1];
    size_t b_len = strlen(b);

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t change = diagonal + (a[i] != b[j] ? 1 : 0);

            diagonal = row[j + 1];
            row[j + 1] = smallest(row[j] + 1, row[j + 1] + 1, change);
        }
    }
    return row[b_len];
}

const char *text_nearest(const char *text, const char *const *words)
{
    const char *best = NULL;
    size_t len = strlen(text);
    size_t best_distance = len / 3 + 2;

    if (len > NEAREST_WORD_MAX)
        return NULL;
    for (; *words != NULL; words++) {
        size_t d;

        if (strlen(*words) > NEAREST_WORD_MAX)
            continue;
        d = distance(text, *words);
        if (d < best_distance) {
            best_distance = d;
            best = *words;
        }
    }
    return best;
}
