/* ledger_export_fuzz.c -- an exported ledger from anybody is checked without a crash. Heads stand
 * in it bare, so that the fuzzer needs no key. */
#include "model/ledger/check.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static bool open_bare(void *arg unused_arg, const json_t *envelope, struct ledger_head *ret,
                      struct err *e)
{
    auto_done(buf) text = {0};

    if (!json_is_object(envelope))
        return err_set(e, ERR_INVALID, "not an envelope");
    return jcs_write(envelope, &text, e) && ledger_head_parse(buf_text(&text), text.len, ret, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_obj(ledger_check) check = ledger_check_new(open_bare, NULL);
    const char *at = (const char *)bytes, *end = at + len;
    struct ledger_facts facts;
    struct err e;

    while (at < end) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        size_t line = feed != NULL ? (size_t)(feed - at) : (size_t)(end - at);

        if (!ledger_check_line(check, at, line, &e))
            return 0;
        at += line + (feed != NULL);
    }
    if (ledger_check_end(check, &facts, &e) && facts.since + facts.events != facts.head.tree.leaves)
        __builtin_trap();
    return 0;
}
