/* unpack_fuzz.c -- a reader of packed fields never leaves its payload. The first byte picks the
 * order in which fields are read. */
#include "base/text.h"
#include "ipc/pack.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct unpack u = unpack_of(bytes, len);
    uint32_t order = len > 0 ? bytes[0] : 0;
    struct err e;
    char text[16];

    for (int i = 0; i < 8 && !u.failed; i++, order = order * 5 + 1) {
        size_t n;
        const uint8_t *view;

        switch (order % 4) {
        case 0:
            unpack_u32(&u);
            break;
        case 1:
            unpack_u64(&u);
            break;
        case 2:
            view = unpack_bytes(&u, &n);
            (void)text_utf8_valid(view, n);
            break;
        default:
            unpack_str(&u, text, sizeof text);
            free(unpack_str_owned(&u, 64));
        }
    }
    if (unpack_end(&u, &e) && u.left != 0)
        __builtin_trap();
    return 0;
}
