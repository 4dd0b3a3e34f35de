/* bridge_fuzz.c -- what host and bridge read of each other, and an address of Redis. The first byte
 * picks which. */
#include "base/mem.h"
#include "bridge/redis/target.h"
#include "bridge/wire/tasks.h"

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

static void read_tasks(unsigned which, const struct message *m)
{
    struct bridge_lane lane;
    struct bridge_queue queue;
    struct bridge_entry entry;
    struct bridge_claim claim;
    struct bridge_counted counted;
    struct bridge_depth depth;
    struct bridge_task task;
    struct bridge_added added;

    switch (which) {
    case 5:
        if (bridge_lane_unpack(m, &lane, NULL) && lane.backend >= BRIDGE_BACKENDS)
            abort();
        break;
    case 6:
        if (bridge_task_unpack(m, &task, NULL) && task.payload_bytes > m->body_bytes)
            abort();
        break;
    case 7:
        read_or_not(bridge_entry_unpack(m, &entry, NULL));
        break;
    case 8:
        read_or_not(bridge_claim_unpack(m, &claim, NULL));
        break;
    case 9:
        read_or_not(bridge_counted_unpack(m, &counted, NULL));
        break;
    case 10:
        read_or_not(bridge_depth_unpack(m, &depth, NULL) || bridge_scanned_unpack(m, &queue, NULL));
        break;
    default:
        read_or_not(bridge_added_unpack(m, &added, NULL));
    }
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
    switch (bytes[0] % 12) {
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
    case 4:
        read_url(bytes + 1, len - 1);
        break;
    default:
        read_tasks(bytes[0] % 12, &m);
    }
    return 0;
}
