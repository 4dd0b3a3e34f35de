/* home.c -- see home.h. */
#include "daemon/home.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

bool home_lock(const char *home, struct err *e)
{
    auto_mem char *name = mem_printf("%s/host.lock", home);
    auto_fd fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return err_sys(e, "open '%s'", name);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK
                   ? err_set(e, ERR_CONFLICT, "another process has the home '%s'", home)
                   : err_sys(e, "lock '%s'", name);
    (void)take_fd(&fd); /* the kernel closes it with the process */
    return true;
}

static bool make_id(const char *path, char ret[UUID_TEXT_BYTES], struct err *e)
{
    auto_done(buf) line = {0};

    uuid7(clock_wall_us(), ret);
    buf_addf(&line, "%s\n", ret);
    return file_write_atomic(path, line.data, line.len, 0600, e);
}

bool home_id(const char *home, char ret[UUID_TEXT_BYTES], struct err *e)
{
    auto_mem char *path = mem_printf("%s/host-id", home);
    auto_done(buf) line = {0};

    if (access(path, F_OK) < 0 && errno == ENOENT)
        return make_id(path, ret, e);
    if (!file_read(path, UUID_TEXT_BYTES, &line, e))
        return false;
    if (line.len != UUID_TEXT_BYTES || line.data[line.len - 1] != '\n')
        return err_set(e, ERR_CORRUPT, "'%s' is not a host's id", path);
    memcpy(ret, line.data, UUID_TEXT_BYTES);
    ret[UUID_TEXT_BYTES - 1] = '\0';
    return uuid_is_valid(ret) || err_set(e, ERR_CORRUPT, "'%s' is not a host's id", path);
}
