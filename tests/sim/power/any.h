/* any.h -- the system calls of this process, of the disk or of the kernel. libc.c gives them the
 * names by which a program calls them. */
#ifndef ORCH_TESTS_SIM_POWER_ANY_H
#define ORCH_TESTS_SIM_POWER_ANY_H

#include <sys/stat.h>
#include <sys/types.h>

int any_open(const char *path, int flags, unsigned mode);
int any_close(int fd);
ssize_t any_pread(int fd, void *bytes, size_t count, off_t at);
int any_fstat(int fd, struct stat *ret);
int any_stat(const char *path, struct stat *ret, int flags);
int any_access(const char *path, int mode);

ssize_t any_pwrite(int fd, const void *bytes, size_t count, off_t at);
int any_ftruncate(int fd, off_t bytes);
int any_sync(int fd, long number);
int any_unlink(const char *path);

/* Nobody else has the disk: what is locked, or given away, is as it was. */
int any_fcntl(int fd, int what, void *arg);
int any_flock(int fd, int what);
int any_fchmod(int fd, mode_t mode);
int any_fchown(int fd, uid_t user, gid_t group);

#endif
