/* locked.c -- see locked.h. */
#include "authority/keys/locked.h"

#include "base/fd.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct locked *locked_new(size_t cap)
{
    struct locked *l = mem_new(struct locked);
    int ready = sodium_init(); /* 1 when it was done before */

    assert(ready >= 0);
    l->cap = cap;
    l->data = sodium_malloc(cap > 0 ? cap : 1);
    assert(l->data != NULL); /* base/mem.h: a size that we bounded */
    return l;
}

void locked_free(struct locked *l)
{
    if (l == NULL)
        return;
    sodium_free(l->data);
    free(l);
}

void locked_add(struct locked *l, const void *bytes, size_t len)
{
    assert(len <= l->cap - l->len);
    if (len > 0)
        memcpy(l->data + l->len, bytes, len);
    l->len += len;
}

/* Reads to the end of file straight into locked memory. */
static bool read_locked(int fd, struct locked *l, struct err *e)
{
    while (l->len < l->cap) {
        ssize_t n = read(fd, l->data + l->len, l->cap - l->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, "read");
        if (n == 0)
            return true;
        l->len += (size_t)n;
    }
    return true;
}

static bool owner_ok(const struct stat *st, bool credential)
{
    return st->st_uid == geteuid() || (credential && st->st_uid == 0);
}

static bool check_private(const struct stat *st, bool credential, struct err *e)
{
    mode_t refused = credential ? 0037 : 0077;

    if (!S_ISREG(st->st_mode))
        return err_set(e, ERR_DENIED, "not a regular file");
    if (!owner_ok(st, credential))
        return err_set(e, ERR_DENIED, "owned by user %u, not by us (%u)", st->st_uid, geteuid());
    if ((st->st_mode & refused) != 0)
        return err_set(e, ERR_DENIED, "mode %04o lets others read it; it must be 0600",
                       st->st_mode & 07777);
    if (st->st_nlink != 1)
        return err_set(e, ERR_DENIED, "has %ju links, so another name may share it",
                       (uintmax_t)st->st_nlink);
    return true;
}

static bool read_checked(const char *path, size_t bytes_max, bool credential, struct locked **ret,
                         struct err *e)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    auto_obj(locked) l = NULL;
    struct stat st;

    if (fd < 0)
        return err_sys(e, "open '%s'", path);
    if (fstat(fd, &st) < 0)
        return err_sys(e, "stat '%s'", path);
    if (!check_private(&st, credential, e))
        return err_wrap(e, "'%s'", path);
    l = locked_new(bytes_max + 1);
    if (!read_locked(fd, l, e))
        return err_wrap(e, "'%s'", path);
    if (l->len > bytes_max)
        return err_set(e, ERR_TOO_LARGE, "'%s' has more than %zu bytes", path, bytes_max);
    *ret = take(l);
    return true;
}

bool locked_read_file(const char *path, size_t bytes_max, struct locked **ret, struct err *e)
{
    return read_checked(path, bytes_max, false, ret, e);
}

bool locked_read_credential(const char *path, size_t bytes_max, struct locked **ret, struct err *e)
{
    return read_checked(path, bytes_max, true, ret, e);
}

/* link(2) gives the name only to a whole file and only when nobody has it. */
bool locked_write_file(const char *path, const void *bytes, size_t len, struct err *e)
{
    auto_mem char *temp = file_temp_name(path);
    auto_fd fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool written;

    if (fd < 0)
        return err_sys(e, "create '%s'", temp);
    written = fd_write_all(fd, bytes, len, e);
    if (written && (fchmod(fd, 0600) < 0 || fsync(fd) < 0 || link(temp, path) < 0))
        written = err_sys(e, "write '%s'", path);
    if (unlink(temp) < 0 && written) {
        written = err_sys(e, "remove '%s'", temp);
        (void)unlink(path); /* under two names it would be refused for good */
    }
    return written && file_sync_dir(path, e);
}
