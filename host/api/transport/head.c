/* head.c -- a request's method, path, query and headers out of libwebsockets; see conn.h. */
#include "api/transport/conn.h"
#include "base/mem.h"

#include <string.h>

static const struct {
    enum lws_token_indexes token;
    enum http_method method;
} methods[] = {
    {WSI_TOKEN_GET_URI, HTTP_GET},         {WSI_TOKEN_HEAD_URI, HTTP_HEAD},
    {WSI_TOKEN_POST_URI, HTTP_POST},       {WSI_TOKEN_PUT_URI, HTTP_PUT},
    {WSI_TOKEN_PATCH_URI, HTTP_PATCH},     {WSI_TOKEN_DELETE_URI, HTTP_DELETE},
    {WSI_TOKEN_OPTIONS_URI, HTTP_OPTIONS},
};

/* Headers that lws keeps under a token of its own; the others are "custom". */
static const struct {
    enum http_header header;
    enum lws_token_indexes token;
} tokens[] = {
    {HTTP_HEADER_AUTHORIZATION, WSI_TOKEN_HTTP_AUTHORIZATION},
    {HTTP_HEADER_CONTENT_LENGTH, WSI_TOKEN_HTTP_CONTENT_LENGTH},
    {HTTP_HEADER_CONTENT_TYPE, WSI_TOKEN_HTTP_CONTENT_TYPE},
    {HTTP_HEADER_TRANSFER_ENCODING, WSI_TOKEN_HTTP_TRANSFER_ENCODING},
    {HTTP_HEADER_EXPECT, WSI_TOKEN_HTTP_EXPECT},
    {HTTP_HEADER_ACCEPT, WSI_TOKEN_HTTP_ACCEPT},
    {HTTP_HEADER_CONNECTION, WSI_TOKEN_CONNECTION},
    {HTTP_HEADER_WS_PROTOCOL, WSI_TOKEN_PROTOCOL},
};

static bool early_fail(struct early *ret, int status, const char *code)
{
    ret->set = true;
    ret->status = status;
    ret->code = code;
    return false;
}

static int header_length(struct lws *wsi, enum http_header id)
{
    const char *name = http_header_rules[id].name;

    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        if (tokens[i].header == id)
            return lws_hdr_total_length(wsi, tokens[i].token);
    }
    return lws_hdr_custom_length(wsi, name, (int)strlen(name));
}

static int header_copy(struct lws *wsi, enum http_header id, char *out, int out_bytes)
{
    const char *name = http_header_rules[id].name;

    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        if (tokens[i].header == id)
            return lws_hdr_copy(wsi, out, out_bytes, tokens[i].token);
    }
    return lws_hdr_custom_copy(wsi, out, out_bytes, name, (int)strlen(name));
}

static bool read_headers(struct lws *wsi, struct http_head *head, struct early *ret_error)
{
    for (uint32_t id = 0; id < HTTP_HEADER_COUNT; id++) {
        int len = header_length(wsi, id);

        if (len < 0 || (len == 0 && id != HTTP_HEADER_CONTENT_LENGTH))
            continue;
        if ((size_t)len > http_header_rules[id].bytes_max) {
            (void)err_set(&ret_error->e, ERR_INVALID, "the header %s has %d bytes, at most %zu",
                          http_header_rules[id].name, len, http_header_rules[id].bytes_max);
            return early_fail(ret_error, 431, "HEADER_TOO_LARGE");
        }
        head->header[id] = mem_zero((size_t)len + 1, 1);
        if (len > 0 && header_copy(wsi, id, head->header[id], len + 1) < 0)
            head->header[id][0] = '\0';
        if (len == 0) {
            free(head->header[id]);
            head->header[id] = NULL;
        }
    }
    return true;
}

static bool read_query(struct lws *wsi, struct http_query *query, struct early *ret_error)
{
    char piece[HTTP_QUERY_ITEM_BYTES_MAX + 2];
    int n = 0;

    for (;;) {
        int len = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, n);

        if (len <= 0)
            return true;
        if (len > HTTP_QUERY_ITEM_BYTES_MAX) {
            (void)err_set(&ret_error->e, ERR_INVALID,
                          "a query parameter has %d bytes, at most %d are taken", len,
                          HTTP_QUERY_ITEM_BYTES_MAX);
            return early_fail(ret_error, 400, "QUERY_INVALID");
        }
        len = lws_hdr_copy_fragment(wsi, piece, sizeof piece, WSI_TOKEN_HTTP_URI_ARGS, n++);
        if (len == 1 && piece[0] == '/')
            continue; /* what lws makes of an empty query: "/runs?" */
        if (len > 0 && !http_query_add(query, piece, (size_t)len, &ret_error->e))
            return early_fail(ret_error, 400, "QUERY_INVALID");
    }
}

static bool read_path(struct lws *wsi, struct http_head *head, struct early *ret_error)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        int len = lws_hdr_total_length(wsi, methods[i].token);

        if (len <= 0)
            continue;
        head->method = methods[i].method;
        head->path = mem_zero((size_t)len + 1, 1);
        if (lws_hdr_copy(wsi, head->path, len + 1, methods[i].token) < 0)
            head->path[0] = '\0';
        return true;
    }
    head->path = mem_str("");
    (void)err_set(&ret_error->e, ERR_UNSUPPORTED, "the method is not one of HTTP's that are known");
    return early_fail(ret_error, 501, "METHOD_UNKNOWN");
}

bool conn_read_head(struct lws *wsi, struct http_head *ret, struct early *ret_error)
{
    *ret_error = (struct early){0};
    return read_path(wsi, ret, ret_error) && read_headers(wsi, ret, ret_error) &&
           read_query(wsi, &ret->query, ret_error);
}
