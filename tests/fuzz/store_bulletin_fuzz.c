/* store_bulletin_fuzz.c -- notifications of anybody who may connect to the database: what is read
 * of one is told again in the same grammar, and read as the same. */
#include "base/mem.h"
#include "store/postgres/bulletin.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void tell(void *arg, const struct store_news *news)
{
    struct buf *text = arg;

    if (!bulletin_add(text, news))
        assert(text->len > BULLETIN_BYTES_MAX / 2);
}

static bool read_and_tell(const char *payload, struct buf *ret)
{
    struct news_set set = {0};
    struct err e = {0};
    bool good = bulletin_read(payload, &set, &e);

    assert(good || e.code == ERR_INVALID);
    news_deliver(&set, tell, ret);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_mem char *payload = mem_zero(1, len + 1);
    auto_done(buf) told = {0};
    auto_done(buf) again = {0};

    memcpy(payload, bytes, len);
    if (!read_and_tell(payload, &told))
        return 0;
    if (!read_and_tell(buf_text(&told), &again))
        assert(!"what was told is no bulletin");
    assert(strcmp(buf_text(&told), buf_text(&again)) == 0);
    return 0;
}
