/* yaml_scalar.c -- see yaml_scalar.h. */
#include "model/dag/source/yaml_scalar.h"

#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* True when text is [-+]? and then digits of the base alone. */
static bool all_digits(const char *text, const char *digits)
{
    return *text != '\0' && text[strspn(text, digits)] == '\0';
}

static bool is_integer(const char *text, int *ret_base)
{
    const char *digits = text + (*text == '-' || *text == '+' ? 1 : 0);

    *ret_base = 10;
    if (all_digits(digits, "0123456789"))
        return true;
    if (strncmp(text, "0o", 2) == 0) {
        *ret_base = 8;
        return all_digits(text + 2, "01234567");
    }
    *ret_base = 16;
    return strncmp(text, "0x", 2) == 0 && all_digits(text + 2, "0123456789abcdefABCDEF");
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_real(const char *text)
{
    static const char digits[] = "0123456789";
    const char *p = text + (*text == '-' || *text == '+' ? 1 : 0);
    size_t whole = strspn(p, digits), part = 0;

    p += whole;
    if (*p == '.') {
        part = strspn(p + 1, digits);
        p += part + 1;
    }
    if (whole + part == 0)
        return false;
    if (*p != 'e' && *p != 'E')
        return *p == '\0';
    p += p[1] == '-' || p[1] == '+' ? 2 : 1;
    return all_digits(p, digits);
}

static bool is_word(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(text, *words) == 0)
            return true;
    }
    return false;
}

static bool integer_of(const char *text, int base, json_t **ret, struct err *e)
{
    long long number;
    double real;

    errno = 0;
    number = strtoll(text + (base == 10 ? 0 : 2), NULL, base);
    if (errno == 0 && number <= JSON_SAFE_INT_MAX && number >= -JSON_SAFE_INT_MAX) {
        *ret = json_integer(number);
        return true;
    }
    if (!jcs_whole_real(text, strlen(text), &real))
        return err_set(e, ERR_INVALID,
                       "the integer %.40s is beyond +-(2^53-1), which JSON readers do not agree "
                       "on (RFC 7493 2.2); quote it",
                       text);
    *ret = json_real(real);
    return true;
}

static bool real_of(const char *text, json_t **ret, struct err *e)
{
    double number = strtod(text, NULL);

    if (!isfinite(number))
        return err_set(e, ERR_INVALID, "the number %.40s is out of range", text);
    *ret = json_real(number);
    return true;
}

bool yaml_plain(const char *text, json_t **ret, struct err *e)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    static const char *const not_numbers[] = {
        ".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
        "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL,
    };
    int base;

    if (is_word(text, not_numbers))
        return err_set(e, ERR_INVALID, "%s has no JSON value; quote it", text);
    if (is_integer(text, &base))
        return integer_of(text, base, ret, e);
    if (is_real(text))
        return real_of(text, ret, e);
    if (is_word(text, nulls))
        *ret = json_null();
    else if (is_word(text, trues) || is_word(text, falses))
        *ret = json_boolean(is_word(text, trues));
    else
        *ret = json_string(text);
    return true;
}
