/* bridge_fuzz.c -- what host and bridge read of each other, and an address of Redis. The first byte
 * picks which. */
#include "base/mem.h"
#include "bridge/redis/target.h"
#include "bridge/wire/protocol.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_or_not(bool whole unused_arg)
{
}

static void read_url(const uint8_t *bytes, size_t len)
{
    auto_mem char *url = mem_strn((const char *)bytes, len);
    auto_done(redis_target) t = {0};
    struct err e;

    if (redis_target_parse(url, &t, &e) && (t.host == NULL || t.port == NULL || t.database < 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct message m = {.body = bytes + 1, .body_bytes = len - 1, .fd = -1};
    struct bridge_setup setup;
    struct bridge_state state;
    struct bridge_keep keep;
    char key[BRIDGE_KEY_BYTES_MAX];
    struct err e;

    if (len == 0)
        return 0;
    switch (bytes[0] % 5) {
    case 0:
        read_or_not(bridge_setup_unpack(&m, &setup, &e));
        break;
    case 1:
        if (bridge_keep_unpack(&m, &keep, &e) && keep.value_bytes > len)
            abort();
        break;
    case 2:
        read_or_not(bridge_forget_unpack(&m, key, &e));
        break;
    case 3:
        read_or_not(bridge_state_unpack(&m, &state, &e));
        break;
    default:
        read_url(bytes + 1, len - 1);
    }
    return 0;
}
