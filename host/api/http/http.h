/* http.h -- one HTTP request's head as plain data, read out of bytes from anybody (head.c), and its
 * query.
 *
 * Strict (RFC 9112): one reading of the bytes or none. A head that another program could read as
 * something else (a bare line feed, a repeated length, a name before a blank) is an error after
 * which the connection ends, for where its body ends is not known. The path and the query are
 * percent-decoded once, here, after they were split: an escaped '/' or '&' separates nothing.
 * Everything has a limit; what is over it is an error, never cut. */
#ifndef ORCH_API_HTTP_HTTP_H
#define ORCH_API_HTTP_HTTP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_HEAD_BYTES_MAX = 16384,
    HTTP_HEAD_LINES_MAX = 128,
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

/* The headers that are read; a longer value is refused, and so is a second one that is no list. */
/*     id                name                         bytes  kind */
#define HTTP_HEADER_MAP(XX)                                                                        \
    XX(AUTHORIZATION, "authorization", 8192, false)                                                \
    XX(CONTENT_LENGTH, "content-length", 20, false)                                                \
    XX(CONTENT_TYPE, "content-type", 256, false)                                                   \
    XX(TRANSFER_ENCODING, "transfer-encoding", 64, true)                                           \
    XX(EXPECT, "expect", 64, false)                                                                \
    XX(ACCEPT, "accept", 512, true)                                                                \
    XX(CONNECTION, "connection", 128, true)                                                        \
    XX(WS_PROTOCOL, "sec-websocket-protocol", 512, true)                                           \
    XX(LAST_EVENT_ID, "last-event-id", 32, false)                                                  \
    XX(TENANT, "x-stella-tenant", 128, false)                                                      \
    XX(TENANT_OPS, "x-stellaops-tenant", 128, false)                                               \
    XX(TENANT_ID, "x-tenant-id", 128, false)                                                       \
    XX(TRACEPARENT, "traceparent", 128, false)                                                     \
    XX(IDEMPOTENCY_KEY, "idempotency-key", 128, false)                                             \
    XX(REASON, "x-stella-reason", 256, false)                                                      \
    XX(TICKET, "x-stella-ticket", 128, false)                                                      \
    XX(OPERATOR_REASON, "x-stella-operator-reason", 256, false)                                    \
    XX(OPERATOR_TICKET, "x-stella-operator-ticket", 128, false)                                    \
    XX(HOST, "host", 256, false)                                                                   \
    XX(UPGRADE, "upgrade", 64, true)                                                               \
    XX(WS_KEY, "sec-websocket-key", 64, false)                                                     \
    XX(WS_VERSION, "sec-websocket-version", 16, false)

enum http_header {
#define XX(id, name, bytes, list) HTTP_HEADER_##id,
    HTTP_HEADER_MAP(XX)
#undef XX
        HTTP_HEADER_COUNT,
};

struct http_header_rule {
    const char *name; /* lower case */
    size_t bytes_max;
    bool list; /* may be given more than once: the values are joined by commas */
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
    uint64_t body_bytes; /* what follows the head; 0 when that is not known */
    bool close;          /* nothing more is read behind this request and its body */
};

/* An error that was found before the body had come; answered when it has. */
struct early {
    bool set;
    int status;
    const char *code;
    struct err e;
};

enum http_scan { HTTP_SCAN_MORE, HTTP_SCAN_WHOLE, HTTP_SCAN_BAD, HTTP_SCAN_LONG };
/* Is there a whole head at the beginning of these bytes? *at is how far an earlier call looked: 0
 * at first, kept by the caller. WHOLE: *ret_len bytes are the head. BAD: no head begins like this.
 * LONG: none so long is taken. */
enum http_scan http_head_scan(const char *bytes, size_t len, size_t *at,
                              size_t *ret_len) must_check;
/* Reads a whole head. False: *ret_error says what to answer; *ret holds what could be read, to be
 * answered in its words, and its close says whether the connection can go on after the body. */
bool http_head_read(const char *bytes, size_t len, struct http_head *ret,
                    struct early *ret_error) must_check;
/* What a connection says of which no head can be read. */
void http_head_refuse(enum http_scan scan, struct http_head *ret, struct early *ret_error);

void http_head_done(struct http_head *head);
DEFINE_AUTO_DONE(http_head)

/* "" for an absent header. */
const char *http_header(const struct http_head *head, enum http_header id);

/* Adds one name=value piece as it was sent. Refuses bad escapes and UTF-8, controls, a repeated
 * name, too much. */
bool http_query_add(struct http_query *q, const char *piece, size_t len, struct err *e) must_check;
/* NULL: absent. */
const char *http_query_get(const struct http_query *q, const char *name);
/* Every name must be in the blank-separated list, as it is written there. */
bool http_query_known(const struct http_query *q, const char *names, struct err *e) must_check;
bool http_query_int(const struct http_query *q, const char *name, int64_t absent, int64_t min,
                    int64_t max, int64_t *ret, struct err *e) must_check;

/* Appends the text with its percent escapes decoded, once. plus: '+' is a blank. False: an escape
 * is not one. */
bool http_decode(const char *text, size_t len, bool plus, struct buf *out) must_check;
/* UTF-8 without controls: what a path and a query may hold. */
bool http_text_clean(const char *text, size_t len);
/* True when word is one of the comma- or blank-separated words of list, in any case; parameters
 * behind ';' are not looked at. */
bool http_list_has(const char *list, const char *word);

#endif
