/* atload_host.c -- what can be learnt of the host: files, names, numbers. */
#include "atload.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

static const char *const paths[] = {"/",          "/etc",    "/etc/passwd",    "/etc/hostname",
                                    "/proc",      "/proc/1", "/proc/self/exe", "/sys",
                                    "/dev/null",  "/tmp",    "/root",          "/usr/bin/env",
                                    "/proc/stat", "/run"};

static long opened(const char *path, int flags)
{
    long fd = RAW5(SYS_openat, AT_FDCWD, path, flags, 0, 0);

    if (fd >= 0)
        RAW1(SYS_close, fd);
    return fd;
}
/* errno of each way to ask whether a path is there: all that is told of it must be one word. */
static void do_files(void)
{
    char link[256];
    struct stat st;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const char *p = paths[i];
        const long results[] = {
            RAW5(SYS_newfstatat, AT_FDCWD, p, &st, 0, 0),
            RAW5(SYS_newfstatat, AT_FDCWD, p, &st, AT_EMPTY_PATH, 0),
            RAW5(SYS_statx, AT_FDCWD, p, 0, 0x7ff, link),
            opened(p, O_RDONLY),
            opened(p, O_PATH),
            RAW5(SYS_readlinkat, AT_FDCWD, p, link, sizeof link, 0),
            RAW3(SYS_faccessat, AT_FDCWD, p, 0),
        };

        /* The root is there in every world, even where it is empty. */
        for (size_t n = i == 0 ? 3 : 0; n < sizeof results / sizeof results[0]; n++)
            if (results[n] >= 0)
                tell("%s way %zu=done ", p, n);
    }
    tell("looked ");
}
static void do_uname(void)
{
    struct utsname u = {0};

    RAW1(SYS_uname, &u);
    tell("%s|%s", u.nodename, u.domainname);
}
/* The word is another plugin's digest. */
static void do_other_plugin(void)
{
    char path[128];
    struct stat st;

    snprintf(path, sizeof path, "/p/%s.so", (const char *)orders.word);
    if (RAW5(SYS_openat, AT_FDCWD, path, O_RDONLY, 0, 0) >= 0)
        tell("open=done ");
    if (RAW5(SYS_newfstatat, AT_FDCWD, path, &st, AT_EMPTY_PATH, 0) >= 0)
        tell("stat=done ");
    if (RAW5(SYS_openat, AT_FDCWD, "/p", O_RDONLY | O_DIRECTORY, 0, 0) >= 0)
        tell("folder=done ");
    tell("looked ");
}

const struct attack host_attacks[] = {
    CASE(files),
    CASE(uname),
    CASE(other_plugin),
    END_OF_CASES,
};
