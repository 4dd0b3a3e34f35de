/* version.c -- see version.h. */
#include "model/version/version.h"

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
