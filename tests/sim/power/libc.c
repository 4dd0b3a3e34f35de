/* libc.c -- the C library's names for any.h. They are given to the linker alone (CALL), so that no
 * declaration of a system header, fortified or not, is met. */
#include "any.h"

#include "base/auto.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>

#define CALL(name) __asm__(name)

/* ---- files ---- */

int call_open(const char *path, int flags, ...) CALL("open");
int call_open64(const char *path, int flags, ...) CALL("open64");
int call_open_2(const char *path, int flags) CALL("__open_2");
int call_open64_2(const char *path, int flags) CALL("__open64_2");

#define OPEN_WITH_MODE                                                                             \
    unsigned mode = 0;                                                                             \
    va_list args;                                                                                  \
    va_start(args, flags);                                                                         \
    if ((flags & O_CREAT) != 0)                                                                    \
        mode = va_arg(args, unsigned);                                                             \
    va_end(args);                                                                                  \
    return any_open(path, flags, mode)

int call_open(const char *path, int flags, ...)
{
    OPEN_WITH_MODE;
}

int call_open64(const char *path, int flags, ...)
{
    OPEN_WITH_MODE;
}

int call_open_2(const char *path, int flags)
{
    return any_open(path, flags, 0);
}

int call_open64_2(const char *path, int flags)
{
    return any_open(path, flags, 0);
}

/* ---- reads ---- */

ssize_t call_pread(int fd, void *bytes, size_t count, off_t at) CALL("pread");
ssize_t call_pread64(int fd, void *bytes, size_t count, off_t at) CALL("pread64");
ssize_t call_pread_chk(int fd, void *bytes, size_t count, off_t at, size_t space)
    CALL("__pread_chk");
ssize_t call_pread64_chk(int fd, void *bytes, size_t count, off_t at, size_t space)
    CALL("__pread64_chk");

ssize_t call_pread(int fd, void *bytes, size_t count, off_t at)
{
    return any_pread(fd, bytes, count, at);
}

ssize_t call_pread64(int fd, void *bytes, size_t count, off_t at)
{
    return any_pread(fd, bytes, count, at);
}

ssize_t call_pread_chk(int fd, void *bytes, size_t count, off_t at, size_t space unused_arg)
{
    return any_pread(fd, bytes, count, at);
}

ssize_t call_pread64_chk(int fd, void *bytes, size_t count, off_t at, size_t space unused_arg)
{
    return any_pread(fd, bytes, count, at);
}

int call_fstat(int fd, struct stat *ret) CALL("fstat");
int call_fstat64(int fd, struct stat *ret) CALL("fstat64");
int call_stat(const char *path, struct stat *ret) CALL("stat");
int call_stat64(const char *path, struct stat *ret) CALL("stat64");
int call_lstat(const char *path, struct stat *ret) CALL("lstat");
int call_lstat64(const char *path, struct stat *ret) CALL("lstat64");

int call_fstat(int fd, struct stat *ret)
{
    return any_fstat(fd, ret);
}

int call_fstat64(int fd, struct stat *ret)
{
    return any_fstat(fd, ret);
}

int call_stat(const char *path, struct stat *ret)
{
    return any_stat(path, ret, 0);
}

int call_stat64(const char *path, struct stat *ret)
{
    return any_stat(path, ret, 0);
}

int call_lstat(const char *path, struct stat *ret)
{
    return any_stat(path, ret, AT_SYMLINK_NOFOLLOW);
}

int call_lstat64(const char *path, struct stat *ret)
{
    return any_stat(path, ret, AT_SYMLINK_NOFOLLOW);
}

/* ---- changes ---- */

ssize_t call_pwrite(int fd, const void *bytes, size_t count, off_t at) CALL("pwrite");
ssize_t call_pwrite64(int fd, const void *bytes, size_t count, off_t at) CALL("pwrite64");
int call_ftruncate(int fd, off_t bytes) CALL("ftruncate");
int call_ftruncate64(int fd, off_t bytes) CALL("ftruncate64");
int call_fsync(int fd) CALL("fsync");
int call_fdatasync(int fd) CALL("fdatasync");

ssize_t call_pwrite(int fd, const void *bytes, size_t count, off_t at)
{
    return any_pwrite(fd, bytes, count, at);
}

ssize_t call_pwrite64(int fd, const void *bytes, size_t count, off_t at)
{
    return any_pwrite(fd, bytes, count, at);
}

int call_ftruncate(int fd, off_t bytes)
{
    return any_ftruncate(fd, bytes);
}

int call_ftruncate64(int fd, off_t bytes)
{
    return any_ftruncate(fd, bytes);
}

int call_fsync(int fd)
{
    return any_sync(fd, SYS_fsync);
}

int call_fdatasync(int fd)
{
    return any_sync(fd, SYS_fdatasync);
}

/* ---- the others ---- */

int call_fcntl(int fd, int what, ...) CALL("fcntl");
int call_fcntl64(int fd, int what, ...) CALL("fcntl64");

#define FCNTL_WITH_ARG                                                                             \
    void *arg;                                                                                     \
    va_list args;                                                                                  \
    va_start(args, what);                                                                          \
    arg = va_arg(args, void *);                                                                    \
    va_end(args);                                                                                  \
    return any_fcntl(fd, what, arg)

int call_fcntl(int fd, int what, ...)
{
    FCNTL_WITH_ARG;
}

int call_fcntl64(int fd, int what, ...)
{
    FCNTL_WITH_ARG;
}

int call_close(int fd) CALL("close");
int call_access(const char *path, int mode) CALL("access");
int call_unlink(const char *path) CALL("unlink");
int call_flock(int fd, int what) CALL("flock");
int call_fchmod(int fd, mode_t mode) CALL("fchmod");
int call_fchown(int fd, uid_t user, gid_t group) CALL("fchown");

int call_close(int fd)
{
    return any_close(fd);
}

int call_access(const char *path, int mode)
{
    return any_access(path, mode);
}

int call_unlink(const char *path)
{
    return any_unlink(path);
}

int call_flock(int fd, int what)
{
    return any_flock(fd, what);
}

int call_fchmod(int fd, mode_t mode)
{
    return any_fchmod(fd, mode);
}

int call_fchown(int fd, uid_t user, gid_t group)
{
    return any_fchown(fd, user, group);
}
