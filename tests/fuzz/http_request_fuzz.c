/* http_request_fuzz.c -- a path, query pieces and a header as anybody may send them: the first line
 * is the path, the last a header value, the lines between are query pieces. */
#include "api/auth/identity.h"
#include "api/routes/routes.h"
#include "base/mem.h"
#include "base/names.h"
#include "observe/trace.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void route_all(const char *path)
{
    struct route_match match;

    for (uint32_t method = 0; method < HTTP_METHOD_COUNT; method++) {
        if (!route_find(&api_routes, method, path, &match, NULL) || match.route == NULL)
            continue;
        for (size_t i = 0; i < match.param_count; i++)
            assert(*match.param[i].value != '\0');
    }
}

static void use_header(const char *value)
{
    struct http_head head = {0};

    head.header[HTTP_HEADER_AUTHORIZATION] = (char *)value;
    (void)bearer_token(&head);
    (void)http_list_has(value, "close");
    (void)!name_check_tenant(value, NULL);
    (void)!name_check_tenant_pattern(value, NULL);
    (void)!name_check_subject(value, NULL);
    (void)!name_check_scopes(value, NULL);
    assert(strlen(trace_of(value).traceparent) == 55);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_mem char *text = mem_strn((const char *)bytes, len);
    auto_done(http_head) head = {0};
    char *at = text, *line = strsep(&at, "\n");

    route_all(line);
    while ((line = strsep(&at, "\n")) != NULL) {
        if (at == NULL)
            use_header(line);
        else
            (void)!http_query_add(&head.query, line, strlen(line), NULL);
    }
    assert(head.query.count <= HTTP_QUERY_ITEMS_MAX);
    return 0;
}
