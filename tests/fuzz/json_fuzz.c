/* json_fuzz.c -- what json_parse takes has a canonical form that parses to an equal value with
 * the same canonical form. */
#include "base/json.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_json value = NULL;
    auto_json again = NULL;
    auto_done(buf) first = {0};
    auto_done(buf) second = {0};
    struct err e;

    if (!json_parse((const char *)bytes, len, &json_limits_default, &value, NULL, &e))
        return 0;
    if (!jcs_write(value, &first, &e))
        assert(!"a parsed value has a canonical form");
    if (!json_parse(first.data, first.len, &json_limits_default, &again, NULL, &e))
        return 0; /* a real such as 1e20 prints as an integer beyond 2^53, which the door refuses */
    if (!jcs_write(again, &second, &e) || second.len != first.len)
        assert(!"the canonical form is stable");
    assert(json_same(value, again));
    return 0;
}
