/* store_page_fuzz.c -- a page token from a client: parsed, written again, parsed to the same. */
#include "base/mem.h"
#include "store/page.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_mem char *token = mem_strn((const char *)bytes, len);
    auto_obj(arena) mem = arena_new();
    struct page_key key, again;
    struct err e = {0};

    if (!page_parse(token, mem, &key, &e)) {
        assert(e.code == ERR_INVALID);
        return 0;
    }
    if (!page_parse(page_token(mem, &key), mem, &again, &e))
        abort();
    assert(again.number == key.number && strcmp(again.text, key.text) == 0 &&
           strcmp(again.more, key.more) == 0 && strcmp(again.last, key.last) == 0);
    return 0;
}
