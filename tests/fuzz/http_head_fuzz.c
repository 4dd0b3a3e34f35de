/* http_head_fuzz.c -- a request's head as anybody may send it, in pieces of the size that its first
 * byte says: how it comes changes nothing, and what is refused is said in words. */
#include "api/http/http.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static enum http_scan scan_by(const char *text, size_t len, size_t step, size_t *ret_len)
{
    enum http_scan scan = HTTP_SCAN_MORE;
    size_t at = 0, have = 0;

    while (scan == HTTP_SCAN_MORE && have < len) {
        have = len - have > step ? have + step : len;
        scan = http_head_scan(text, have, &at, ret_len);
    }
    return scan;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes + 1;
    auto_done(http_head) head = {0};
    size_t head_len = 0, same_len = 0;
    struct early error;
    enum http_scan scan;

    if (len < 2)
        return 0;
    scan = scan_by(text, len - 1, len, &head_len);
    assert(scan_by(text, len - 1, (size_t)bytes[0] + 1, &same_len) == scan);
    assert(scan != HTTP_SCAN_WHOLE || same_len == head_len);
    if (scan == HTTP_SCAN_MORE)
        return 0;
    if (scan != HTTP_SCAN_WHOLE)
        http_head_refuse(scan, &head, &error);
    else if (http_head_read(text, head_len, &head, &error))
        assert(*head.path == '/' || *head.path == '*');
    assert(head.path != NULL && (!error.set || (error.status >= 400 && *error.e.msg != '\0')));
    assert(scan == HTTP_SCAN_WHOLE || head.close);
    if (error.set && strcmp(error.code, "HEAD_INVALID") == 0)
        assert(head.close && head.body_bytes == 0);
    return 0;
}
