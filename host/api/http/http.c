/* http.c -- see http.h. */
#include "api/http/http.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

const struct http_header_rule http_header_rules[HTTP_HEADER_COUNT] = {
#define XX(id, name, bytes, list) [HTTP_HEADER_##id] = {name, bytes, list},
    HTTP_HEADER_MAP(XX)
#undef XX
};

const char *http_method_text(enum http_method method)
{
    static const char *const names[] = {
#define XX(name) [HTTP_##name] = #name,
        HTTP_METHOD_MAP(XX)
#undef XX
    };

    return names[method];
}

void http_head_done(struct http_head *head)
{
    free(head->path);
    for (size_t i = 0; i < HTTP_HEADER_COUNT; i++)
        free(head->header[i]);
    for (size_t i = 0; i < head->query.count; i++) {
        free(head->query.item[i].name);
        free(head->query.item[i].value);
    }
    *head = (struct http_head){0};
}

const char *http_header(const struct http_head *head, enum http_header id)
{
    return head->header[id] != NULL ? head->header[id] : "";
}

bool http_text_clean(const char *text, size_t len)
{
    if (!text_utf8_valid(text, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    }
    return true;
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool http_decode(const char *text, size_t len, bool plus, struct buf *out)
{
    for (size_t i = 0; i < len; i++) {
        int high, low;

        if (text[i] != '%') {
            buf_addc(out, plus && text[i] == '+' ? ' ' : text[i]);
            continue;
        }
        high = i + 2 < len ? hex_of(text[i + 1]) : -1;
        low = i + 2 < len ? hex_of(text[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        buf_addc(out, (char)(high << 4 | low));
        i += 2;
    }
    return true;
}

static bool query_decode(const char *text, size_t len, char **ret, struct err *e)
{
    auto_done(buf) out = {0};

    if (!http_decode(text, len, true, &out))
        return err_set(e, ERR_INVALID, "the query has a '%%' without two hexadecimal digits");
    if (!http_text_clean(buf_text(&out), out.len))
        return err_set(e, ERR_INVALID, "the query is not UTF-8 text without control characters");
    *ret = mem_str(buf_text(&out));
    return true;
}

bool http_query_add(struct http_query *q, const char *piece, size_t len, struct err *e)
{
    const char *equals = memchr(piece, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - piece) : len;
    size_t value_at = name_len + (equals != NULL);
    auto_mem char *name = NULL, *value = NULL;

    if (len == 0)
        return true;
    if (len > HTTP_QUERY_ITEM_BYTES_MAX)
        return err_set(e, ERR_INVALID, "a query parameter has %zu bytes, at most %d are taken", len,
                       HTTP_QUERY_ITEM_BYTES_MAX);
    if (q->count == HTTP_QUERY_ITEMS_MAX)
        return err_set(e, ERR_INVALID, "more than %d query parameters", HTTP_QUERY_ITEMS_MAX);
    if (!query_decode(piece, name_len, &name, e) ||
        !query_decode(piece + value_at, len - value_at, &value, e))
        return false;
    if (http_query_get(q, name) != NULL)
        return err_set(e, ERR_INVALID, "query parameter '%s' is given twice", name);
    q->item[q->count].value = take(value);
    q->item[q->count++].name = take(name);
    return true;
}

const char *http_query_get(const struct http_query *q, const char *name)
{
    for (size_t i = 0; i < q->count; i++) {
        if (strcmp(q->item[i].name, name) == 0)
            return q->item[i].value;
    }
    return NULL;
}

static bool listed(const char *list, const char *name)
{
    size_t name_len = strlen(name);

    while (*list != '\0') {
        size_t len;

        list += strspn(list, " ");
        len = strcspn(list, " ");
        if (len == name_len && len > 0 && memcmp(list, name, len) == 0)
            return true;
        list += len;
    }
    return false;
}

bool http_query_known(const struct http_query *q, const char *names, struct err *e)
{
    for (size_t i = 0; i < q->count; i++) {
        if (!listed(names, q->item[i].name))
            return err_set(e, ERR_INVALID, "unknown query parameter '%s'; known are: %s",
                           q->item[i].name, *names != '\0' ? names : "none");
    }
    return true;
}

bool http_query_int(const struct http_query *q, const char *name, int64_t absent, int64_t min,
                    int64_t max, int64_t *ret, struct err *e)
{
    const char *text = http_query_get(q, name);
    char *end;
    long long number;

    *ret = absent;
    if (text == NULL)
        return true;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (*text == '\0' || strspn(text, "-0123456789") != strlen(text) || *end != '\0' ||
        errno != 0 || number < min || number > max)
        return err_set(e, ERR_INVALID, "query parameter '%s' must be an integer from %lld to %lld",
                       name, (long long)min, (long long)max);
    *ret = number;
    return true;
}

bool http_list_has(const char *list, const char *word)
{
    size_t word_len = strlen(word);

    while (*list != '\0') {
        size_t len;

        list += strspn(list, " ,\t");
        len = strcspn(list, " ,;\t");
        if (len == word_len && len > 0 && strncasecmp(list, word, len) == 0)
            return true;
        list += len;
        if (*list == ';')
            list += strcspn(list, ",");
    }
    return false;
}
