/* version.c -- see version.h. */
#include "model/version/version.h"

#include "base/buf.h"

#include <assert.h>
#include <string.h>

static const char digits[] = "0123456789";
static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";

/* The end of a number without a leading zero, or NULL. */
static const char *skip_number(const char *p)
{
    size_t len = strspn(p, digits);

    return len == 0 || (len > 1 && p[0] == '0') ? NULL : p + len;
}

/* The end of dot-separated identifiers, or NULL. */
static const char *skip_identifiers(const char *p, bool numbers_strict)
{
    for (;;) {
        size_t len = strspn(p, letters);

        if (len == 0)
            return NULL;
        if (numbers_strict && strspn(p, digits) == len && skip_number(p) == NULL)
            return NULL;
        p += len;
        if (*p != '.')
            return p;
        p++;
    }
}

bool version_valid(const char *text)
{
    const char *p = text;

    if (strlen(text) > VERSION_BYTES_MAX)
        return false;
    for (int part = 0; part < 3; part++) {
        if (part > 0 && *p++ != '.')
            return false;
        p = skip_number(p);
        if (p == NULL)
            return false;
    }
    if (*p == '-')
        p = skip_identifiers(p + 1, true);
    if (p != NULL && *p == '+')
        p = skip_identifiers(p + 1, false);
    return p != NULL && *p == '\0';
}

/* Numbers of any length: without leading zeros the longer one is the larger. */
static int compare_numbers(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return memcmp(a, b, a_len);
}

static int compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_identifier(const char *a, size_t a_len, const char *b, size_t b_len)
{
    bool a_number = strspn(a, digits) >= a_len, b_number = strspn(b, digits) >= b_len;

    if (a_number && b_number)
        return compare_numbers(a, a_len, b, b_len);
    if (a_number != b_number)
        return a_number ? -1 : 1;
    return compare_text(a, a_len, b, b_len);
}

/* Both stand at '-', or at the end where there is no prerelease. */
static int compare_prerelease(const char *a, const char *b)
{
    if (*a != '-' || *b != '-')
        return (*b == '-') - (*a == '-');
    while (*a == '-' || *a == '.') {
        size_t a_len, b_len;
        int order;

        if (*b != '-' && *b != '.')
            return 1;
        a_len = strspn(++a, letters);
        b_len = strspn(++b, letters);
        order = compare_identifier(a, a_len, b, b_len);
        if (order != 0)
            return order;
        a += a_len;
        b += b_len;
    }
    return *b == '.' ? -1 : 0;
}

int version_compare(const char *a, const char *b)
{
    assert(version_valid(a) && version_valid(b));
    for (int part = 0; part < 3; part++) {
        size_t a_len = strspn(a, digits), b_len = strspn(b, digits);
        int order = compare_numbers(a, a_len, b, b_len);

        if (order != 0)
            return order;
        a += a_len + (part < 2 ? 1 : 0);
        b += b_len + (part < 2 ? 1 : 0);
    }
    return compare_prerelease(a, b);
}

/* ---- keys ----
 *
 * Order of the bytes that mean something: '!' a pre-release, '#' the end, ',' between identifiers
 * of a pre-release, '-' and '.', digits, ':' a number that is too long to pad, '=' before an
 * identifier that is no number. So an end sorts above a pre-release and below everything that goes
 * on. */

enum { KEY_DIGITS = 10 };

/* Padded with zeros; a longer one says its length first and so sorts above all that are padded. */
static void key_number(const char *digits_at, size_t len, struct buf *b)
{
    while (len > 1 && *digits_at == '0') {
        digits_at++;
        len--;
    }
    if (len > KEY_DIGITS)
        buf_addf(b, ":%03zu", len);
    for (size_t pad = len; pad < KEY_DIGITS; pad++)
        buf_addc(b, '0');
    buf_add(b, digits_at, len);
}

static void key_identifier(const char *at, size_t len, struct buf *b)
{
    if (strspn(at, digits) >= len) {
        key_number(at, len, b);
        return;
    }
    buf_addc(b, '=');
    buf_add(b, at, len);
}

/* at stands at '-', or where there is no pre-release; the end of it. */
static const char *key_prerelease(const char *at, struct buf *b)
{
    char between = '!';

    while (*at == '-' || *at == '.') {
        size_t len = strspn(++at, letters);

        buf_addc(b, between);
        key_identifier(at, len, b);
        between = ',';
        at += len;
    }
    return at;
}

/* Where the text goes on behind what SemVer orders: at its build, or at its end. */
static const char *key_semver(const char *at, struct buf *b)
{
    for (int part = 0; part < 3; part++) {
        size_t len = strspn(at, digits);

        if (part > 0)
            buf_addc(b, '.');
        key_number(at, len, b);
        at += len + (part < 2 ? 1 : 0);
    }
    return key_prerelease(at, b);
}

static void key_any_text(const char *at, struct buf *b)
{
    while (*at != '\0') {
        size_t len = strspn(at, digits);

        if (len > 0)
            key_number(at, len, b);
        else
            buf_addc(b, *at == '-' ? '!' : *at);
        at += len > 0 ? len : 1;
    }
}

void version_key(const char *text, struct buf *b)
{
    const char *rest = text;

    if (version_valid(text))
        rest = key_semver(text, b);
    else
        key_any_text(text, b);
    buf_addc(b, '#');
    buf_adds(b, rest);
}
