/* fields.c -- see fields.h. */
#include "api/http/fields.h"

#include "api/http/http.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

struct word {
    const char *text;
    size_t len;
    bool required;
};

static bool next_word(const char **at, struct word *ret)
{
    *at += strspn(*at, " ");
    ret->text = *at;
    ret->len = strcspn(*at, " !");
    *at += ret->len;
    ret->required = **at == '!';
    *at += ret->required;
    return ret->len > 0;
}

static bool listed(const char *list, const char *key)
{
    struct word w;

    while (next_word(&list, &w)) {
        if (strlen(key) == w.len && memcmp(key, w.text, w.len) == 0)
            return true;
    }
    return false;
}

/* "/name", escaped as RFC 6901 says. */
static void pointer_to(struct buf *b, const char *key)
{
    buf_addc(b, '/');
    for (; *key != '\0'; key++) {
        if (*key == '~' || *key == '/')
            buf_adds(b, *key == '~' ? "~0" : "~1");
        else
            buf_addc(b, *key);
    }
}

static void add(json_t *errors, const char *key, const char *type, const char *text)
{
    auto_done(buf) pointer = {0};

    pointer_to(&pointer, key);
    json_array_append_new(errors, json_pack("{s:[s,s], s:s, s:s, s:s}", "loc", "body", key, "type",
                                            type, "msg", text, "pointer", buf_text(&pointer)));
}

json_t *fields_check_owned(const json_t *object, const char *list)
{
    json_t *errors = json_array(), *value;
    const char *key;
    struct word w;

    if (strcmp(list, "*") == 0)
        return errors;
    json_object_foreach((json_t *)object, key, value)
    {
        if (!listed(list, key))
            add(errors, key, "extra_forbidden", "Extra inputs are not permitted");
    }
    while (next_word(&list, &w)) {
        auto_mem char *name = mem_strn(w.text, w.len);
        const json_t *given = json_object_get(object, name);

        if (w.required && (given == NULL || json_is_null(given)))
            add(errors, name, "missing", "Field required");
    }
    return errors;
}

bool fields_check(const json_t *object, const char *list, struct err *e)
{
    auto_json offences = fields_check_owned(object, list);
    const json_t *first = json_array_get(offences, 0);

    return first == NULL ||
           err_set(e, ERR_INVALID, "%s: %s",
                   json_string_value(json_array_get(json_object_get(first, "loc"), 1)),
                   json_string_value(json_object_get(first, "msg")));
}

bool fields_text(const json_t *object, const char *name, const char *absent, size_t bytes_max,
                 const char **ret, struct err *e)
{
    if (!json_get_str(object, name, absent, ret, e))
        return false;
    return (strlen(*ret) <= bytes_max && http_text_clean(*ret, strlen(*ret))) ||
           err_set(e, ERR_INVALID, "%s: more than %zu bytes, or not text", name, bytes_max);
}
