/* head.c -- a request's head out of bytes from anybody (RFC 9112); see http.h. Pure. */
#include "api/http/http.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

struct span {
    const char *at;
    size_t len;
};

static bool fail(struct early *ret, int status, const char *code, const char *text)
{
    *ret = (struct early){.set = true, .status = status, .code = code};
    return err_set(&ret->e, status == 501 ? ERR_UNSUPPORTED : ERR_INVALID, "%s", text);
}

static bool bad(struct early *ret, const char *text)
{
    return fail(ret, 400, "HEAD_INVALID", text);
}

/* RFC 9110 5.6.2 */
static bool token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!token_char(s.at[i]))
            return false;
    }
    return s.len > 0;
}

static bool is(struct span s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* Behind empty lines, which some clients send after a body (RFC 9112 2.2). */
static size_t blank_lines(const char *bytes, size_t len)
{
    size_t at = 0;

    while (len - at >= 2 && bytes[at] == '\r' && bytes[at + 1] == '\n')
        at += 2;
    return at;
}

/* A byte that no head has where it stands. */
static bool byte_fits(const char *bytes, size_t at)
{
    char c = bytes[at];

    if (c == '\n')
        return at > 0 && bytes[at - 1] == '\r';
    if (at > 0 && bytes[at - 1] == '\r')
        return false;
    return c == '\r' || c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7f);
}

enum http_scan http_head_scan(const char *bytes, size_t len, size_t *at, size_t *ret_len)
{
    size_t begin = blank_lines(bytes, len);

    for (; *at < len && *at < HTTP_HEAD_BYTES_MAX; ++*at) {
        if (!byte_fits(bytes, *at))
            return HTTP_SCAN_BAD;
        if (*at < begin + 3 || memcmp(bytes + *at - 3, "\r\n\r\n", 4) != 0)
            continue;
        *ret_len = ++*at;
        return HTTP_SCAN_WHOLE;
    }
    return *at < HTTP_HEAD_BYTES_MAX ? HTTP_SCAN_MORE : HTTP_SCAN_LONG;
}

void http_head_refuse(enum http_scan scan, struct http_head *ret, struct early *ret_error)
{
    *ret = (struct http_head){.path = mem_str(""), .close = true};
    if (scan == HTTP_SCAN_LONG)
        (void)fail(ret_error, 431, "HEADER_TOO_LARGE", "the head has more than 16384 bytes");
    else
        (void)bad(ret_error, "the head has a byte that none has: lines end by CR LF");
}

/* The next line, without its end; the head is whole, so there is one. */
static struct span next_line(struct span *rest)
{
    const char *end = memchr(rest->at, '\r', rest->len);
    struct span line = {rest->at, (size_t)(end - rest->at)};

    rest->at += line.len + 2;
    rest->len -= line.len + 2;
    return line;
}

static struct span cut_at(struct span *rest, char c)
{
    const char *found = memchr(rest->at, c, rest->len);
    struct span first = {rest->at, found != NULL ? (size_t)(found - rest->at) : rest->len};
    size_t used = first.len + (found != NULL);

    rest->at += used;
    rest->len -= used;
    return first;
}

/* ---- the request line ---- */

static bool read_method(struct span method, struct http_head *head, struct early *ret_error)
{
    for (uint32_t m = 0; m < HTTP_METHOD_COUNT; m++) {
        if (is(method, http_method_text(m))) {
            head->method = m;
            return true;
        }
    }
    return fail(ret_error, 501, "METHOD_UNKNOWN", "the method is not one of HTTP's that are known");
}

static bool read_version(struct span version, struct http_head *head, struct early *ret_error)
{
    if (version.len != 8 || memcmp(version.at, "HTTP/", 5) != 0 || version.at[6] != '.' ||
        version.at[7] < '0' || version.at[7] > '9')
        return bad(ret_error, "the request line is not METHOD TARGET HTTP/1.1");
    head->close = is(version, "HTTP/1.0");
    if (version.at[5] != '1')
        return fail(ret_error, 505, "VERSION_UNKNOWN", "only HTTP/1.1 and HTTP/1.0 are spoken");
    return true;
}

static bool visible(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] <= 0x20 || s.at[i] > 0x7e || s.at[i] == '#')
            return false;
    }
    return s.len > 0;
}

/* "http://host/path" is how a proxy may ask; the host in it says nothing to us. */
static struct span without_origin(struct span target)
{
    size_t skip;

    if (target.len < 8 || strncasecmp(target.at, "http://", 7) != 0)
        return target;
    skip = 7;
    while (skip < target.len && target.at[skip] != '/' && target.at[skip] != '?')
        skip++;
    return (struct span){target.at + skip, target.len - skip};
}

static bool escaped_slash(struct span path)
{
    for (size_t i = 0; i + 2 < path.len; i++) {
        if (path.at[i] == '%' && path.at[i + 1] == '2' && (path.at[i + 2] | 0x20) == 'f')
            return true;
    }
    return false;
}

static bool read_path(struct span path, struct http_head *head, struct early *ret_error)
{
    auto_done(buf) out = {0};

    if (!http_decode(path.at, path.len, false, &out))
        return fail(ret_error, 400, "PATH_INVALID",
                    "the path has a '%' without two hexadecimal digits");
    if (!http_text_clean(buf_text(&out), out.len))
        return fail(ret_error, 400, "PATH_INVALID",
                    "the path is not UTF-8 text without control characters");
    if (escaped_slash(path))
        return fail(ret_error, 404, "ROUTE_NOT_FOUND", "no path has an escaped '/' in it");
    free(head->path);
    head->path = mem_str(buf_text(&out));
    return true;
}

static bool read_query(struct span query, struct http_query *out, struct early *ret_error)
{
    struct err e = {0};

    while (query.len > 0) {
        struct span piece = cut_at(&query, '&');

        if (http_query_add(out, piece.at, piece.len, &e))
            continue;
        *ret_error = (struct early){.set = true, .status = 400, .code = "QUERY_INVALID", .e = e};
        return false;
    }
    return true;
}

static bool read_target(struct span target, struct http_head *head, struct early *ret_error)
{
    struct span query = without_origin(target), path = cut_at(&query, '?');

    if (path.len == 0)
        path = (struct span){"/", 1};
    return read_path(path, head, ret_error) && read_query(query, &head->query, ret_error);
}

/* ---- headers ---- */

static struct span trimmed(struct span s)
{
    while (s.len > 0 && (*s.at == ' ' || *s.at == '\t')) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static bool header_too_large(const struct http_header_rule *rule, size_t len,
                             struct early *ret_error)
{
    *ret_error = (struct early){.set = true, .status = 431, .code = "HEADER_TOO_LARGE"};
    return err_set(&ret_error->e, ERR_INVALID, "the header %s has %zu bytes, at most %zu",
                   rule->name, len, rule->bytes_max);
}

static bool add_header(char **field, const struct http_header_rule *rule, struct span value,
                       struct early *ret_error)
{
    size_t before = *field != NULL ? strlen(*field) : 0;
    auto_done(buf) joined = {0};

    if (*field != NULL && !rule->list)
        return bad(ret_error, "a header that must be given once is given twice");
    if (before + value.len + 2 > rule->bytes_max + 2)
        return header_too_large(rule, before + value.len, ret_error);
    if (*field != NULL)
        buf_addf(&joined, "%s, ", *field);
    buf_add(&joined, value.at, value.len);
    free(*field);
    *field = buf_take(&joined);
    return true;
}

/* The first fault is the one that is told; reading goes on, for the framing must be known. */
static bool read_header(struct span line, struct http_head *head, struct early *too_large,
                        struct early *ret_error)
{
    struct span name = cut_at(&line, ':'), value = trimmed(line);
    struct early why;

    if (!is_token(name) || line.at == name.at + name.len)
        return bad(ret_error, "a header line is not NAME: VALUE");
    for (uint32_t id = 0; id < HTTP_HEADER_COUNT; id++) {
        const struct http_header_rule *rule = &http_header_rules[id];

        if (name.len != strlen(rule->name) || strncasecmp(name.at, rule->name, name.len) != 0)
            continue;
        if (add_header(&head->header[id], rule, value, &why))
            return true;
        if (why.status != 431) {
            *ret_error = why;
            return false;
        }
        if (id == HTTP_HEADER_CONTENT_LENGTH || id == HTTP_HEADER_TRANSFER_ENCODING)
            return bad(ret_error, "Content-Length is not a number of bytes");
        if (!too_large->set)
            *too_large = why;
        return true;
    }
    return true;
}

static bool read_headers(struct span rest, struct http_head *head, struct early *too_large,
                         struct early *ret_error)
{
    for (int lines = 0;; lines++) {
        struct span line = next_line(&rest);

        if (line.len == 0)
            return true;
        if (lines == HTTP_HEAD_LINES_MAX)
            return fail(ret_error, 431, "HEADER_TOO_LARGE", "more than 128 header lines");
        if (!read_header(line, head, too_large, ret_error))
            return false;
    }
}

/* ---- where the body ends ---- */

static bool read_length(const char *text, uint64_t *ret)
{
    size_t len = strlen(text);

    if (len == 0 || len > 18 || strspn(text, "0123456789") != len)
        return false;
    *ret = strtoull(text, NULL, 10);
    return true;
}

static bool read_framing(struct http_head *head, struct early *ret_error)
{
    const char *length = head->header[HTTP_HEADER_CONTENT_LENGTH];
    bool coded = head->header[HTTP_HEADER_TRANSFER_ENCODING] != NULL;

    if (coded && length != NULL)
        return bad(ret_error, "Content-Length and Transfer-Encoding contradict each other");
    if (coded)
        return fail(ret_error, 411, "LENGTH_REQUIRED",
                    "chunked request bodies are not taken: send Content-Length");
    if (length != NULL && !read_length(length, &head->body_bytes))
        return bad(ret_error, "Content-Length is not a number of bytes");
    if (!head->close && head->header[HTTP_HEADER_HOST] == NULL)
        return bad(ret_error, "the header Host is missing");
    return true;
}

/* All that decides where the next request begins; a fault in it ends the connection. */
static bool read_syntax(const char *bytes, size_t len, struct http_head *head, struct span *method,
                        struct span *target, struct early *too_large, struct early *ret_error)
{
    size_t skip = blank_lines(bytes, len);
    struct span rest = {bytes + skip, len - skip}, line = next_line(&rest);

    *method = cut_at(&line, ' ');
    *target = cut_at(&line, ' ');
    if (!is_token(*method) || !visible(*target) ||
        (*target->at != '/' && *target->at != '*' && without_origin(*target).len == target->len))
        return bad(ret_error, "the request line is not METHOD TARGET HTTP/1.1");
    return read_version(line, head, ret_error) && read_headers(rest, head, too_large, ret_error) &&
           read_framing(head, ret_error);
}

bool http_head_read(const char *bytes, size_t len, struct http_head *ret, struct early *ret_error)
{
    struct early too_large = {0};
    struct span method, target;

    *ret_error = (struct early){0};
    *ret = (struct http_head){.path = mem_str("")};
    if (!read_syntax(bytes, len, ret, &method, &target, &too_large, ret_error)) {
        ret->body_bytes = 0;
        ret->close = true;
        return false;
    }
    ret->close = ret->close || http_list_has(http_header(ret, HTTP_HEADER_CONNECTION), "close");
    if (!read_target(target, ret, ret_error) || !read_method(method, ret, ret_error))
        return false;
    *ret_error = too_large;
    return !too_large.set;
}
