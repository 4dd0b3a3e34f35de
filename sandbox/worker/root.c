/* root.c -- C4 and C5: a private, read-only tmpfs with one file becomes the root, and the
 * old one is gone. No /proc, no /sys, no /dev. The tmpfs is filled while it is still detached. */
#include "sandbox/worker/worker.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROOT_SLACK_BYTES = 64 * 1024 };

static bool option(int fs, const char *key, const char *value)
{
    return syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0) == 0;
}

/* A detached tmpfs just large enough. */
static int tmpfs_new(off_t bytes)
{
    auto_fd fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    char size[32];

    snprintf(size, sizeof size, "%jd", (intmax_t)bytes + ROOT_SLACK_BYTES);
    if (fs < 0 || !option(fs, "size", size) || !option(fs, "nr_inodes", "8") ||
        !option(fs, "mode", "0755") ||
        syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static bool copy_plugin(int root, const char *digest, int plugin_fd, off_t bytes)
{
    char name[DIGEST_TEXT_BYTES + 8];
    auto_fd file = -1;
    struct err ignored;
    void *so;
    bool ok;

    snprintf(name, sizeof name, "p/%s.so", digest);
    file = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (file < 0)
        return false;
    if (bytes == 0)
        return true;
    so = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, plugin_fd, 0);
    if (so == MAP_FAILED)
        return false;
    ok = fd_write_all(file, so, (size_t)bytes, &ignored) && fchmod(file, 0444) == 0;
    munmap(so, (size_t)bytes);
    return ok;
}

/* Stacks the new root on the old one, turns them round, and lets the old one go. */
static bool switch_root(int root)
{
    if (syscall(SYS_move_mount, root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return false;
    return fchdir(root) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 &&
           umount2(".", MNT_DETACH) == 0 && chdir("/") == 0;
}

bool root_enter(const char *digest, int plugin_fd)
{
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    struct stat st = {0};
    auto_fd root = -1;

    /* Propagation first, or what follows would be seen outside. */
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return false;
    if (plugin_fd >= 0 && fstat(plugin_fd, &st) < 0)
        return false;
    root = tmpfs_new(st.st_size);
    if (root < 0 || mkdirat(root, "p", 0755) < 0 ||
        !copy_plugin(root, digest, plugin_fd, st.st_size))
        return false;
    if (syscall(SYS_mount_setattr, root, "", AT_EMPTY_PATH, &read_only, sizeof read_only) < 0)
        return false;
    return switch_root(root);
}
