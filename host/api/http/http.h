/* http.h -- one HTTP request's head as plain data, filled by the transport, and its query.
 *
 * The path and the query arrive percent-decoded: libwebsockets does that while it parses, once;
 * nothing here decodes again. Everything has a limit; what is over it is an error, never cut. */
#ifndef ORCH_API_HTTP_HTTP_H
#define ORCH_API_HTTP_HTTP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_PATH_BYTES_MAX = 1024,
    HTTP_SEGMENT_BYTES_MAX = 128,
    HTTP_QUERY_ITEMS_MAX = 16,
    HTTP_QUERY_ITEM_BYTES_MAX = 512,
};

#define HTTP_METHOD_MAP(XX)                                                                        \
    XX(GET)                                                                                        \
    XX(HEAD)                                                                                       \
    XX(POST)                                                                                       \
    XX(PUT)                                                                                        \
    XX(PATCH)                                                                                      \
    XX(DELETE)                                                                                     \
    XX(OPTIONS)

enum http_method {
#define XX(name) HTTP_##name,
    HTTP_METHOD_MAP(XX)
#undef XX
        HTTP_METHOD_COUNT,
};
const char *http_method_text(enum http_method method);

/* The headers that are read; a longer value is refused. */
/*     id                name                         bytes */
#define HTTP_HEADER_MAP(XX)                                                                        \
    XX(AUTHORIZATION, "authorization:", 8192)                                                      \
    XX(CONTENT_LENGTH, "content-length:", 20)                                                      \
    XX(CONTENT_TYPE, "content-type:", 256)                                                         \
    XX(TRANSFER_ENCODING, "transfer-encoding:", 64)                                                \
    XX(EXPECT, "expect:", 64)                                                                      \
    XX(ACCEPT, "accept:", 512)                                                                     \
    XX(CONNECTION, "connection:", 128)                                                             \
    XX(WS_PROTOCOL, "sec-websocket-protocol:", 512)                                                \
    XX(LAST_EVENT_ID, "last-event-id:", 32)                                                        \
    XX(TENANT, "x-stella-tenant:", 128)                                                            \
    XX(TENANT_OPS, "x-stellaops-tenant:", 128)                                                     \
    XX(TENANT_ID, "x-tenant-id:", 128)                                                             \
    XX(TRACEPARENT, "traceparent:", 128)                                                           \
    XX(IDEMPOTENCY_KEY, "idempotency-key:", 128)                                                   \
    XX(REASON, "x-stella-reason:", 256)                                                            \
    XX(TICKET, "x-stella-ticket:", 128)                                                            \
    XX(OPERATOR_REASON, "x-stella-operator-reason:", 256)                                          \
    XX(OPERATOR_TICKET, "x-stella-operator-ticket:", 128)

enum http_header {
#define XX(id, name, bytes) HTTP_HEADER_##id,
    HTTP_HEADER_MAP(XX)
#undef XX
        HTTP_HEADER_COUNT,
};

struct http_header_rule {
    const char *name; /* lower case, with the colon */
    size_t bytes_max;
};
extern const struct http_header_rule http_header_rules[HTTP_HEADER_COUNT];

struct http_query_item {
    char *name;
    char *value;
};
struct http_query {
    struct http_query_item item[HTTP_QUERY_ITEMS_MAX];
    size_t count;
};

struct http_head {
    enum http_method method;
    char *path;
    char *header[HTTP_HEADER_COUNT]; /* NULL: absent */
    struct http_query query;
};

void http_head_done(struct http_head *head);
DEFINE_AUTO_DONE(http_head)

/* "" for an absent header. */
const char *http_header(const struct http_head *head, enum http_header id);

/* Adds one decoded name=value piece. Refuses bad UTF-8, controls, a repeated name, too much. */
bool http_query_add(struct http_query *q, const char *piece, size_t len, struct err *e) must_check;
/* NULL: absent. */
const char *http_query_get(const struct http_query *q, const char *name);
/* Every name must be in the blank-separated list. */
bool http_query_known(const struct http_query *q, const char *names, struct err *e) must_check;
bool http_query_int(const struct http_query *q, const char *name, int64_t absent, int64_t min,
                    int64_t max, int64_t *ret, struct err *e) must_check;

/* UTF-8 without controls: what a path and a query may hold. */
bool http_text_clean(const char *text, size_t len);
/* True when word is one of the comma- or blank-separated words of list, in any case; parameters
 * behind ';' are not looked at. */
bool http_list_has(const char *list, const char *word);

#endif
