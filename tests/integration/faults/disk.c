/* disk.c -- a disk that fails when it is told to: preloaded into orchd by test_store_faults.py.
 *
 * ORCH_TEST_DISK names a file. While it is there, it says "CALLS ERRNO NAME": calls of that kind
 * ("write", "sync", "both") on files whose path ends with NAME fail with that errno; with 0 they
 * do not come back as long as it says so. The children of the process do not inherit this
 * library. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char control[4096];

static void __attribute__((constructor)) setup(void)
{
    const char *path = getenv("ORCH_TEST_DISK");

    if (path != NULL)
        snprintf(control, sizeof control, "%s", path);
    unsetenv("LD_PRELOAD");
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static bool read_order(char *calls, int *number, char *name)
{
    char text[256] = "";
    ssize_t (*real_read)(int, void *, size_t) = (ssize_t(*)(int, void *, size_t))next("read");
    int fd = control[0] != '\0' ? open(control, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n;

    if (fd < 0)
        return false;
    n = real_read(fd, text, sizeof text - 1);
    close(fd);
    return n > 0 && sscanf(text, "%15s %d %63s", calls, number, name) == 3;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool fails_now(int fd, const char *kind, int *ret_number)
{
    char calls[16], name[64], link[64], path[4096];
    int kept = errno, number = 0;
    bool hit = false;
    ssize_t n;

    if (read_order(calls, &number, name) &&
        (strcmp(calls, kind) == 0 || strcmp(calls, "both") == 0)) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof path - 1);
        path[n > 0 ? n : 0] = '\0';
        hit = ends_with(path, name);
    }
    errno = kept;
    *ret_number = number;
    return hit;
}

/* True when the call is to fail; errno is set. */
static bool fails(int fd, const char *kind)
{
    int number;

    while (fails_now(fd, kind, &number)) {
        if (number != 0) {
            errno = number;
            return true;
        }
        usleep(10 * 1000);
    }
    return false;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): ours */
ssize_t write(int fd, const void *bytes, size_t len)
{
    ssize_t (*real)(int, const void *, size_t) =
        (ssize_t(*)(int, const void *, size_t))next("write");

    return fails(fd, "write") ? -1 : real(fd, bytes, len);
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): ours */
ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t(*)(int, const void *, size_t, off64_t))next("pwrite64");

    return fails(fd, "write") ? -1 : real(fd, bytes, len, at);
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): ours */
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite64(fd, bytes, len, at);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))next("fsync");

    return fails(fd, "sync") ? -1 : real(fd);
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): ours */
int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))next("fdatasync");

    return fails(fd, "sync") ? -1 : real(fd);
}
