/* landlock.c -- see landlock.h. */
#include "sandbox/kernel/landlock.h"

#include "base/auto.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ruleset {
    uint64_t fs, net, scoped;
};

enum { NET_BIND_CONNECT_TCP = 3, SCOPE_ABSTRACT_SIGNAL = 3, ERRATA = 1 << 1 };

/* How many file rights the kernel of an ABI knows, from bit 0. */
static const uint8_t fs_bits[] = {0, 13, 14, 15, 15, 16};

#define GRANT_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define GRANT_STATE                                                                                \
    (GRANT_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |                    \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | ACCESS_FS_TRUNCATE)
#define ACCESS_FS_TRUNCATE (1ULL << 14) /* from ABI 3 on */

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

static uint64_t fs_known(uint32_t abi)
{
    size_t last = ARRAY_LEN(fs_bits) - 1;

    return (1u << fs_bits[abi < last ? abi : last]) - 1;
}

int landlock_ruleset(bool scoped)
{
    uint32_t abi = landlock_abi();
    struct ruleset r = {.fs = fs_known(abi)};
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

int landlock_ruleset_files(void)
{
    struct ruleset r = {.fs = fs_known(landlock_abi())};

    return (int)syscall(SYS_landlock_create_ruleset, &r, sizeof r.fs, 0);
}

/* The rights of a folder are none of a file. */
static uint64_t rights_of(int fd, enum landlock_grant grant)
{
    uint64_t rights =
        (grant == LANDLOCK_GRANT_STATE ? GRANT_STATE : GRANT_READ) & fs_known(landlock_abi());
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        return rights;
    return rights &
           (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_FS_TRUNCATE);
}

bool landlock_grant(int ruleset, const char *path, enum landlock_grant grant)
{
    auto_fd fd = open(path, O_PATH | O_CLOEXEC);
    struct landlock_path_beneath_attr rule = {.parent_fd = fd};

    if (fd < 0)
        return false;
    rule.allowed_access = rights_of(fd, grant);
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

bool landlock_enter(int ruleset)
{
    return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}
