/* router.c -- see router.h. */
#include "api/http/router.h"

#include <assert.h>
#include <string.h>

const char *route_need_text(enum route_need need)
{
    static const char *const names[NEED_COUNT] = {
        [NEED_NOTHING] = "nothing",   [NEED_READ] = "read",
        [NEED_WRITE] = "write",       [NEED_ADMIN] = "admin",
        [NEED_BACKFILL] = "backfill", [NEED_BACKFILL_READ] = "read or backfill",
        [NEED_QUOTA] = "quota",
    };

    return names[need];
}

static bool path_check(const char *path, struct err *e)
{
    size_t len = strlen(path);

    if (len > HTTP_PATH_BYTES_MAX)
        return err_set(e, ERR_INVALID, "the path has %zu bytes, at most %d are taken", len,
                       HTTP_PATH_BYTES_MAX);
    if (!http_text_clean(path, len))
        return err_set(e, ERR_INVALID, "the path is not UTF-8 text without control characters");
    for (const char *at = path; *at != '\0';) {
        size_t segment;

        at += *at == '/';
        segment = strcspn(at, "/");
        if (segment > HTTP_SEGMENT_BYTES_MAX)
            return err_set(e, ERR_INVALID, "a part of the path has %zu bytes, at most %d are taken",
                           segment, HTTP_SEGMENT_BYTES_MAX);
        at += segment;
    }
    return true;
}

static void param_add(struct route_match *m, const char *name, size_t name_len, const char *value,
                      size_t value_len)
{
    struct route_param *p = &m->param[m->param_count++];

    assert(m->param_count <= ROUTE_PARAMS_MAX && name_len < sizeof p->name);
    memcpy(p->name, name, name_len);
    p->name[name_len] = '\0';
    memcpy(p->value, value, value_len);
    p->value[value_len] = '\0';
}

/* One segment of the pattern ("runs", "{runId}", "{runId}:cancel") against one of the path. */
static bool segment_fits(const char *pattern, size_t pattern_len, const char *text, size_t text_len,
                         struct route_match *m)
{
    const char *close, *verb;
    size_t verb_len;

    if (*pattern != '{')
        return pattern_len == text_len && memcmp(pattern, text, text_len) == 0;
    close = memchr(pattern, '}', pattern_len);
    assert(close != NULL);
    verb = close + 1;
    verb_len = pattern_len - (size_t)(verb - pattern);
    if (text_len <= verb_len || memcmp(text + text_len - verb_len, verb, verb_len) != 0)
        return false;
    param_add(m, pattern + 1, (size_t)(close - pattern) - 1, text, text_len - verb_len);
    return true;
}

static bool pattern_fits(const char *pattern, const char *path, struct route_match *m)
{
    m->param_count = 0;
    while (*pattern == '/' && *path == '/') {
        size_t pattern_len = strcspn(++pattern, "/"), path_len = strcspn(++path, "/");

        if (!segment_fits(pattern, pattern_len, path, path_len, m))
            return false;
        pattern += pattern_len;
        path += path_len;
    }
    return *pattern == '\0' && *path == '\0';
}

/* The first row that fits the path decides its pattern; the methods are those of that pattern. */
bool route_find(const struct route_table *table, enum http_method method, const char *path,
                struct route_match *ret, struct err *e)
{
    enum http_method wanted = method == HTTP_HEAD ? HTTP_GET : method;
    const struct route *first = NULL;

    *ret = (struct route_match){0};
    if (!path_check(path, e))
        return false;
    for (size_t i = 0; i < table->count; i++) {
        const struct route *row = &table->rows[i];

        if (first == NULL && pattern_fits(row->pattern, path, ret))
            first = row;
        if (first == NULL || strcmp(row->pattern, first->pattern) != 0)
            continue;
        ret->allowed |= 1u << row->method;
        if (row->method == wanted)
            ret->route = row;
    }
    if (first == NULL)
        ret->param_count = 0;
    return true;
}

const char *route_param(const struct route_match *match, const char *name)
{
    for (size_t i = 0; i < match->param_count; i++) {
        if (strcmp(match->param[i].name, name) == 0)
            return match->param[i].value;
    }
    assert(!"the route's pattern has this parameter");
    return NULL;
}
