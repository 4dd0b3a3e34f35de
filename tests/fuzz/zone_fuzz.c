/* zone_fuzz.c -- any bytes as a TZif file. What is read has changes in the order of time, each of
 * them one, for as long as there is a calendar. */
#include "model/schedule/zone.h"

#include <assert.h>

enum { LOOKS = 3000 };
#define FAR_S 253402300800LL

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_obj(zone) z = NULL;
    struct err e = {0};
    int64_t at = INT64_MIN / 4, next, instant;

    if (!zone_read(bytes, len, &z, &e)) {
        assert(e.code == ERR_INVALID && e.msg[0] != '\0');
        return 0;
    }
    for (int i = 0; i < LOOKS && zone_next_change(z, at, &next) && next < FAR_S; i++) {
        assert(next > at);
        assert(zone_offset(z, next) != zone_offset(z, next - 1));
        (void)zone_instant(z, next + zone_offset(z, next), &instant);
        at = next;
    }
    return 0;
}
