/* landlock.c -- see landlock.h. */
#include "sandbox/kernel/landlock.h"

#include "base/auto.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ruleset {
    uint64_t fs, net, scoped;
};

enum { NET_BIND_CONNECT_TCP = 3, SCOPE_ABSTRACT_SIGNAL = 3, ERRATA = 1 << 1 };

/* How many file rights the kernel of an ABI knows, from bit 0. */
static const uint8_t fs_bits[] = {0, 13, 14, 15, 15, 16};

uint32_t landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return abi > 0 ? (uint32_t)abi : 0;
}

uint32_t landlock_errata(void)
{
    long errata = syscall(SYS_landlock_create_ruleset, NULL, 0, ERRATA);

    return errata > 0 ? (uint32_t)errata : 0;
}

int landlock_ruleset(bool scoped)
{
    uint32_t abi = landlock_abi();
    size_t last = ARRAY_LEN(fs_bits) - 1;
    struct ruleset r = {.fs = (1u << fs_bits[abi < last ? abi : last]) - 1};
    size_t bytes = sizeof(uint64_t);

    if (abi >= 4) {
        r.net = NET_BIND_CONNECT_TCP;
        bytes = 2 * sizeof(uint64_t);
    }
    if (abi >= LANDLOCK_ABI_SCOPE) {
        r.scoped = scoped ? SCOPE_ABSTRACT_SIGNAL : 0;
        bytes = sizeof r;
    }
    return (int)syscall(SYS_landlock_create_ruleset, &r, bytes, 0);
}

bool landlock_enter(int ruleset)
{
    return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}
