/* fd.c -- see fd.h. */
#include "base/fd.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

bool fd_read_all(int fd, size_t bytes_max, struct buf *b, struct err *e)
{
    size_t start = b->len;

    for (;;) {
        ssize_t n;

        buf_reserve(b, 64 * 1024);
        n = read(fd, b->data + b->len, 64 * 1024);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, "read");
        if (n == 0)
            break;
        b->len += (size_t)n;
        if (b->len - start > bytes_max)
            return err_set(e, ERR_TOO_LARGE, "more than %zu bytes", bytes_max);
    }
    b->data[b->len] = '\0';
    return true;
}

bool fd_write_all(int fd, const void *bytes, size_t len, struct err *e)
{
    const char *p = bytes;

    while (len > 0) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, "write");
        p += n;
        len -= (size_t)n;
    }
    return true;
}

void fd_hold_standard(bool usable)
{
    for (int fd = 0; fd <= 2; fd++) {
        int other_way = fd == 0 ? O_WRONLY : O_RDONLY;

        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* The lowest that is free is this one. Without /dev/null there is nothing to hold it by. */
        (void)!open("/dev/null", usable ? O_RDWR : other_way); /* inherited on purpose */
    }
}

bool fd_set_nonblock(int fd, struct err *e)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return err_sys(e, "set O_NONBLOCK");
    return true;
}

static bool open_stdin(int *ret_fd, struct err *e)
{
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return err_sys(e, "standard input");
    *ret_fd = fd;
    return true;
}

bool file_open(const char *path, int *ret_fd, struct err *e)
{
    auto_fd fd = -1;
    struct stat st;

    if (strcmp(path, "-") == 0)
        return open_stdin(ret_fd, e);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return err_sys(e, "open '%s'", path);
    if (fstat(fd, &st) < 0)
        return err_sys(e, "stat '%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INVALID, "'%s' is not a regular file", path);
    *ret_fd = take_fd(&fd);
    return true;
}

bool file_read(const char *path, size_t bytes_max, struct buf *b, struct err *e)
{
    auto_fd fd = -1;

    if (!file_open(path, &fd, e))
        return false;
    if (fd_read_all(fd, bytes_max, b, e))
        return true;
    return strcmp(path, "-") == 0 ? err_wrap(e, "standard input") : err_wrap(e, "'%s'", path);
}

/* The folder of path, "." where it has none. */
static char *dir_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return mem_str(".");
    return mem_strn(path, slash == path ? 1 : (size_t)(slash - path));
}

bool file_sync_dir(const char *path, struct err *e)
{
    auto_mem char *dir = dir_of(path);
    auto_fd fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0)
        return err_sys(e, "sync folder '%s'", dir);
    return true;
}

char *file_temp_name(const char *path)
{
    uint64_t number = 0;

    while (getrandom(&number, sizeof number, 0) != sizeof number)
        continue;
    return mem_printf("%s.new.%016" PRIx64, path, number);
}

bool file_write_atomic(const char *path, const void *bytes, size_t len, unsigned mode,
                       struct err *e)
{
    auto_mem char *temp = file_temp_name(path);
    auto_fd fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

    if (fd < 0)
        return err_sys(e, "create '%s'", temp);
    if (fchmod(fd, mode) < 0 || !fd_write_all(fd, bytes, len, e) || fsync(fd) < 0 ||
        rename(temp, path) < 0) {
        err_sys(e, "write '%s'", path);
        unlink(temp);
        return false;
    }
    return file_sync_dir(path, e);
}

bool dir_make(const char *path, unsigned mode, struct err *e)
{
    auto_mem char *parts = mem_str(path);

    for (char *slash = strchr(parts + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(parts, 0755) < 0 && errno != EEXIST)
            return err_sys(e, "make folder '%s'", parts);
        *slash = '/';
    }
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        return err_sys(e, "make folder '%s'", path);
    return true;
}

/* Linux before 6.3 does not know MFD_EXEC and answers EINVAL. */
static int memfd_open(const char *name, bool executable)
{
    int fd = -1;

    if (executable) {
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
        if (fd >= 0 || errno != EINVAL)
            return fd;
    }
    return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

enum { SEALS_ALL = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL };

bool memfd_sealed(const char *name, const void *bytes, size_t len, bool executable, int *ret_fd,
                  struct err *e)
{
    auto_fd fd = memfd_open(name, executable);

    if (fd < 0)
        return err_sys(e, "memfd '%s'", name);
    if (!fd_write_all(fd, bytes, len, e))
        return err_wrap(e, "memfd '%s'", name);
    if (fcntl(fd, F_ADD_SEALS, SEALS_ALL) < 0)
        return err_sys(e, "seal memfd '%s'", name);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(e, "rewind memfd '%s'", name);
    *ret_fd = take_fd(&fd);
    return true;
}

bool memfd_is_sealed(int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);

    return seals >= 0 && (seals & SEALS_ALL) == SEALS_ALL;
}
