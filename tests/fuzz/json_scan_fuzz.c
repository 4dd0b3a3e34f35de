/* json_scan_fuzz.c -- the scanner and jansson agree on what JSON is. What jansson builds, the
 * scanner takes, unless a whole number is beyond +-(2^53-1) and no canonical text of a real; what
 * it does not build, the scanner refuses, but for duplicate keys and reals that no double holds.
 * And the scanner counts what jansson builds. */
#include "base/json.h"
#include "base/limits.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct tally {
    size_t values;
    unsigned depth;
    bool ints_safe;
};

static bool held(json_int_t number)
{
    char text[32];
    double real;
    int len = snprintf(text, sizeof text, "%lld", (long long)number);

    return (number <= JSON_SAFE_INT_MAX && number >= -JSON_SAFE_INT_MAX) ||
           jcs_whole_real(text, (size_t)len, &real);
}

/* jansson's recursion is bounded by its own limit, and so is this. */
static void count(const json_t *value, unsigned depth, struct tally *t)
{
    bool nests = json_is_object(value) || json_is_array(value);
    const char *key;
    json_t *child;
    size_t i;

    t->values++;
    if (nests && depth > t->depth)
        t->depth = depth;
    if (json_is_integer(value) && !held(json_integer_value(value)))
        t->ints_safe = false;
    json_object_foreach((json_t *)value, key, child) count(child, depth + 1, t);
    json_array_foreach(value, i, child) count(child, depth + 1, t);
}

static bool takes(const char *text, size_t len, unsigned depth_max, size_t values_max,
                  enum err_code *ret)
{
    struct json_limits limits = {len, depth_max, values_max};
    struct json_place place;
    struct err e = {0};
    bool ok = json_scan(text, len, &limits, &place, &e);

    *ret = e.code;
    assert(ok || (place.line > 0 && place.column > 0));
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const unsigned deepest = 4 * JSON_DEPTH_MAX;
    const char *text = (const char *)bytes;
    struct tally t = {.ints_safe = true};
    json_error_t error;
    auto_json value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    enum err_code code;
    bool taken = takes(text, len, deepest, 0, &code);

    if (value == NULL) {
        if (taken && json_error_code(&error) != json_error_duplicate_key &&
            json_error_code(&error) != json_error_numeric_overflow)
            assert(!"taken, and no JSON");
        return 0;
    }
    if (memchr(text, '\0', len) != NULL) {
        assert(!taken); /* jansson passes over a NUL behind a number */
        return 0;
    }
    count(value, 1, &t);
    assert(taken == (t.ints_safe && t.depth <= deepest));
    if (!taken)
        return 0;
    assert(takes(text, len, t.depth, t.values, &code));
    assert(t.values == 1 ||
           (!takes(text, len, t.depth, t.values - 1, &code) && code == ERR_TOO_LARGE));
    assert(t.depth == 0 ||
           (!takes(text, len, t.depth - 1, t.values, &code) && code == ERR_INVALID));
    return 0;
}
