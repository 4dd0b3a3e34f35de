/* sdk_json_fuzz.c -- the SDK's JSON reader: never past the bytes, and everything that it accepts
 * can be walked, decoded, written and read again as an equal value. */
#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>

#include "fake_host.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void write_again(struct fake_host *host, orch_out *o, orch_json value)
{
    char kind = orch_json_kind(value);
    orch_bytes text;

    if (kind == '"') {
        bool decoded = orch_json_text(&host->table, fake_run(host), value, &text);

        assert(decoded || host->arena_bytes > 0);
        if (decoded)
            orch_out_text(o, text);
        return;
    }
    if (kind != '{' && kind != '[') {
        orch_out_json(o, value);
        return;
    }
    orch_out_mark(o, kind);
    for (orch_json_iter it = orch_json_each(value); orch_json_next(&it);) {
        if (kind == '{') {
            if (!orch_json_text(&host->table, fake_run(host), it.key, &text))
                return;
            orch_out_key(o, text.ptr);
        }
        write_again(host, o, it.value);
    }
    orch_out_mark(o, kind == '{' ? '}' : ']');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    orch_bytes text = {bytes, len};
    orch_json value, again;
    auto_done(fake_host) host;
    orch_out o;

    fake_host_init(&host);
    if (!orch_json_parse(text, &value))
        return 0;
    assert(orch_json_kind(value) != 0);
    o = orch_out_new(&host.table, fake_run(&host));
    write_again(&host, &o, value);
    if (orch_out_emit(&o) == ORCH_OK) {
        bool reads = orch_json_parse((orch_bytes){host.result.data, host.result.len}, &again);

        assert(reads || memchr(host.result.data, '\0', host.result.len) != NULL);
        assert(!reads || orch_json_kind(again) == orch_json_kind(value));
    }
    return 0;
}
