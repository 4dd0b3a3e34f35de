/* ws_message_fuzz.c -- the first message of a stream client, and the stream's query. */
#include "api/stream/client.h"
#include "base/names.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct auth_message message;
    auto_done(http_head) head = {0};
    struct stream_filter filter;
    int64_t after;

    if (auth_message_parse((const char *)bytes, len, &message, NULL)) {
        assert(*message.token != '\0');
        assert(message.tenant == NULL || name_check_tenant(message.tenant, NULL));
        auth_message_done(&message);
    }
    if (http_query_add(&head.query, (const char *)bytes, len, NULL) &&
        stream_query(&head, &filter, &after, NULL))
        assert(after >= -1);
    return 0;
}
