/* root.c -- C4 and C5: a private, empty, read-only tmpfs becomes the root, and the old one is gone.
 * No /proc, no /sys, no /dev, no file at all. */
#include "sandbox/worker/worker.h"

#include "base/fd.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool option(int fs, const char *key, const char *value)
{
    return syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0) == 0;
}

/* A detached tmpfs that holds nothing but its root. */
static int tmpfs_new(void)
{
    auto_fd fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);

    if (fs < 0 || !option(fs, "size", "4096") || !option(fs, "nr_inodes", "1") ||
        !option(fs, "mode", "0555") ||
        syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
                        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* Stacks the new root on the old one, turns them round, and lets the old one go. */
static bool switch_root(int root)
{
    if (syscall(SYS_move_mount, root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return false;
    return fchdir(root) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 &&
           umount2(".", MNT_DETACH) == 0 && chdir("/") == 0;
}

bool root_enter(void)
{
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    auto_fd root = -1;

    /* Propagation first, or what follows would be seen outside. */
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return false;
    root = tmpfs_new();
    if (root < 0 ||
        syscall(SYS_mount_setattr, root, "", AT_EMPTY_PATH, &read_only, sizeof read_only) < 0)
        return false;
    return switch_root(root);
}
