/* json.c -- parsing at the door; jcs.c writes the canonical form. See json.h. */
#include "base/json.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

const struct json_limits json_limits_default = {JSON_BYTES_MAX, JSON_DEPTH_MAX, JSON_VALUES_MAX};

void json_setup(void)
{
    json_set_alloc_funcs(mem_alloc, free);
    json_object_seed(0);
}

static struct {
    char *begin, *at, *end;
} side_by_side;

static void *alloc_beside(size_t bytes)
{
    size_t taken = (bytes + 15) & ~(size_t)15;
    char *p = side_by_side.at;

    if (taken < bytes || taken > (size_t)(side_by_side.end - p))
        return mem_alloc(bytes);
    side_by_side.at += taken;
    return p;
}

static void free_beside(void *p)
{
    if ((char *)p < side_by_side.begin || (char *)p >= side_by_side.end)
        free(p);
}

void json_expect(size_t bytes)
{
    if (side_by_side.begin != NULL)
        return;
    side_by_side.begin = side_by_side.at = mem_alloc(bytes);
    side_by_side.end = side_by_side.begin + bytes;
    json_set_alloc_funcs(alloc_beside, free_beside);
}

/* jansson takes digits alone for an integer, and fails beyond 64 bits: the reals among them get
 * their point. */
static void add_points(struct buf *b, const char *text, size_t len, const struct buf *wide)
{
    size_t from = 0;

    for (size_t i = 0; i < wide->len; i += sizeof from) {
        size_t to;

        memcpy(&to, wide->data + i, sizeof to);
        buf_add(b, text + from, to - from);
        buf_adds(b, ".0");
        from = to;
    }
    buf_add(b, text + from, len - from);
}

/* jansson's own depth limit is fixed at 2048 and its scan recurses; behind json_scan neither a
 * hostile text's depth nor the tree that it would make reaches it. */
bool json_parse(const char *text, size_t len, const struct json_limits *limits, json_t **ret,
                struct json_place *ret_place, struct err *e)
{
    struct json_place unused, *place = ret_place != NULL ? ret_place : &unused;
    auto_done(buf) wide = {0}, pointed = {0};
    json_error_t detail;
    json_t *value;

    if (!json_scan_wide(text, len, limits, &wide, place, e))
        return false;
    if (wide.len > 0) {
        add_points(&pointed, text, len, &wide);
        text = pointed.data;
        len = pointed.len;
    }
    value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &detail);
    if (value == NULL) {
        *place = (struct json_place){detail.line, detail.column};
        return err_set(e, ERR_INVALID, "line %d column %d: %s", detail.line, detail.column,
                       detail.text);
    }
    *ret = value;
    return true;
}

struct left {
    size_t bytes, values;
};

static bool take_bytes(struct left *left, size_t bytes)
{
    if (bytes > left->bytes)
        return false;
    left->bytes -= bytes;
    return true;
}

/* A value has a byte, and one between it and the next. */
static bool fits(const json_t *value, struct left *left)
{
    const char *key;
    json_t *child;
    size_t i;

    if (left->values == 0 || !take_bytes(left, 2 + json_string_length(value)))
        return false;
    left->values--;
    json_object_foreach((json_t *)value, key, child)
    {
        if (!take_bytes(left, strlen(key)) || !fits(child, left))
            return false;
    }
    json_array_foreach(value, i, child)
    {
        if (!fits(child, left))
            return false;
    }
    return true;
}

bool json_within(const json_t *value, size_t bytes_max, size_t values_max)
{
    struct left left = {bytes_max + 2, values_max}; /* nothing is behind the whole */

    return fits(value, &left);
}

const char *json_type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "object",  [JSON_ARRAY] = "array", [JSON_STRING] = "string",
        [JSON_INTEGER] = "number", [JSON_REAL] = "number", [JSON_TRUE] = "boolean",
        [JSON_FALSE] = "boolean",  [JSON_NULL] = "null",
    };

    return value != NULL ? names[json_typeof(value)] : "nothing";
}

const char *json_text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

bool json_get_str(const json_t *object, const char *key, const char *absent, const char **ret,
                  struct err *e)
{
    const json_t *member = json_object_get(object, key);

    if (member == NULL || json_is_null(member)) {
        *ret = absent;
        return true;
    }
    if (!json_is_string(member))
        return err_set(e, ERR_INVALID, "'%s' must be a string, not %s", key,
                       json_type_name(member));
    *ret = json_string_value(member);
    return true;
}

bool json_get_int(const json_t *object, const char *key, int64_t absent, int64_t min, int64_t max,
                  int64_t *ret, struct err *e)
{
    const json_t *member = json_object_get(object, key);

    if (member == NULL || json_is_null(member)) {
        *ret = absent;
        return true;
    }
    if (!json_is_integer(member))
        return err_set(e, ERR_INVALID, "'%s' must be an integer, not %s", key,
                       json_type_name(member));
    if (json_integer_value(member) < min || json_integer_value(member) > max)
        return err_set(e, ERR_INVALID, "'%s' must be from %lld to %lld", key, (long long)min,
                       (long long)max);
    *ret = json_integer_value(member);
    return true;
}

bool json_get_bool(const json_t *object, const char *key, bool absent, bool *ret, struct err *e)
{
    const json_t *member = json_object_get(object, key);

    if (member == NULL || json_is_null(member)) {
        *ret = absent;
        return true;
    }
    if (!json_is_boolean(member))
        return err_set(e, ERR_INVALID, "'%s' must be true or false, not %s", key,
                       json_type_name(member));
    *ret = json_is_true(member);
    return true;
}

static bool same_array(const json_t *a, const json_t *b)
{
    if (json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!json_same(json_array_get(a, i), json_array_get(b, i)))
            return false;
    }
    return true;
}

static bool same_object(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *child;

    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach((json_t *)a, key, child)
    {
        const json_t *other = json_object_get(b, key);

        if (other == NULL || !json_same(child, other))
            return false;
    }
    return true;
}

bool json_same(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) {
        if (json_is_integer(a) && json_is_integer(b))
            return json_integer_value(a) == json_integer_value(b);
        return json_number_value(a) == json_number_value(b);
    }
    if (json_is_array(a) && json_is_array(b))
        return same_array(a, b);
    if (json_is_object(a) && json_is_object(b))
        return same_object(a, b);
    return json_equal(a, b) == 1;
}
