/* source.c -- what every text must be, and which language it is in. See source.h. */
#include "model/dag/source/source.h"

#include "base/limits.h"
#include "base/text.h"

#include <string.h>

void source_done(struct source *source)
{
    json_decref(source->root);
    places_done(&source->places);
    *source = (struct source){0};
}

/* "{" and then a quote or "}": YAML's own flow style seldom begins so, and JSON always does. */
static bool looks_like_json(const char *text, size_t len)
{
    static const char blank[] = " \t\r\n";
    size_t at = 0;

    while (at < len && strchr(blank, text[at]) != NULL)
        at++;
    if (at == len || text[at] != '{')
        return false;
    for (at++; at < len && strchr(blank, text[at]) != NULL;)
        at++;
    return at == len || text[at] == '"' || text[at] == '}';
}

bool source_read(const char *text, size_t len, bool placed, struct source *ret,
                 struct json_place *ret_place, struct err *e)
{
    *ret_place = (struct json_place){0, 0};
    if (len > DEFINITION_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "the text has %zu bytes, at most %u are taken", len,
                       DEFINITION_BYTES_MAX);
    if (memchr(text, '\0', len) != NULL)
        return err_set(e, ERR_INVALID, "the text holds a NUL byte");
    if (!text_utf8_valid(text, len))
        return err_set(e, ERR_INVALID, "the text is not valid UTF-8");
    if (looks_like_json(text, len))
        return source_read_json(text, len, placed, ret, ret_place, e);
    return source_read_yaml(text, len, ret, ret_place, e);
}
