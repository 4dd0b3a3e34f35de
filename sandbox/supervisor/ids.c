/* ids.c -- see ids.h. */
#include "sandbox/supervisor/ids.h"

#include "base/fd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ID_FIRST = 0x6f720000 }; /* far above what people and systemd use */

uint32_t ids_take(struct ids *ids)
{
    for (uint32_t i = 0; i < ID_SLOTS; i++) {
        uint32_t slot = (ids->next + i) % ID_SLOTS;

        if ((ids->used[slot / 64] & 1ULL << slot % 64) != 0)
            continue;
        ids->used[slot / 64] |= 1ULL << slot % 64;
        ids->next = slot + 1;
        return ID_FIRST + 2 * slot;
    }
    return 0;
}

void ids_give_back(struct ids *ids, uint32_t id)
{
    uint32_t slot = (id - ID_FIRST) / 2;

    if (id != 0)
        ids->used[slot / 64] &= ~(1ULL << slot % 64);
}

/* A line of a map: first id inside, first outside, how many. One extent must have all of ours. */
static bool is_mapped(const char *map)
{
    auto_file f = fopen(map, "re");
    uint64_t inside, count;

    while (f != NULL && fscanf(f, "%" SCNu64 " %*u %" SCNu64, &inside, &count) == 2)
        if (inside <= ID_FIRST && inside + count >= ID_FIRST + 2ULL * ID_SLOTS)
            return true;
    return false;
}

bool ids_are_mapped(void)
{
    return is_mapped("/proc/self/uid_map") && is_mapped("/proc/self/gid_map");
}

static bool write_file(pid_t pid, const char *name, const char *text, struct err *e)
{
    auto_fd fd = -1;
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || !fd_write_all(fd, text, strlen(text), e))
        return err_sys(e, "write '%s'", path);
    return true;
}

bool ids_map_own(pid_t pid, struct err *e)
{
    char uids[32], gids[32];

    snprintf(uids, sizeof uids, "0 %u 1", geteuid());
    snprintf(gids, sizeof gids, "0 %u 1", getegid());
    return write_file(pid, "setgroups", "deny", e) && write_file(pid, "uid_map", uids, e) &&
           write_file(pid, "gid_map", gids, e);
}
