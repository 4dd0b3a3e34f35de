/* cron_fuzz.c -- any bytes as a cron expression: one that is taken is due, at whole minutes that
 * rise; one that is refused says why. */
#include "model/schedule/cron.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

enum { LOOKS = 50 };
#define FROM_S 1767225600LL /* 2026 */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct cron c;
    struct err e = {0};
    int64_t at = FROM_S - 1, next = 0;

    if (!cron_parse((const char *)bytes, len, &c, &e)) {
        assert(e.code == ERR_INVALID && e.msg[0] != '\0');
        assert(text_utf8_valid(e.msg, strlen(e.msg)));
        return 0;
    }
    for (int i = 0; i < LOOKS; i++, at = next) {
        bool found = cron_next(&c, at + 1, INT64_MAX, &next);

        assert(found && next > at && next % 60 == 0);
    }
    return 0;
}
