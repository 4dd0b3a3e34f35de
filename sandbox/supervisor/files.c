/* files.c -- see files.h. */
#include "sandbox/supervisor/files.h"

#include "base/fd.h"
#include "ipc/frame.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FILES_OF_OURS = 16, FILES_IN_FLIGHT = FRAME_FDS_MAX + 4 };

void files_raise(struct files *f)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    f->max = limit.rlim_cur < UINT32_MAX ? (uint32_t)limit.rlim_cur : UINT32_MAX;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        f->max = limit.rlim_cur < UINT32_MAX ? (uint32_t)limit.rlim_cur : UINT32_MAX;
}

bool files_are_left(const struct files *f)
{
    return FILES_OF_OURS + f->used + FILES_IN_FLIGHT <= f->max;
}

uint32_t files_set_aside(struct files *f, uint32_t at_most)
{
    uint32_t count = f->max / 8 < at_most ? f->max / 8 : at_most;

    files_take(f, count);
    return count;
}

void files_take(struct files *f, uint32_t count)
{
    f->used += count;
}

void files_give_back(struct files *f, uint32_t count)
{
    assert(f->used >= count);
    f->used -= count;
}

bool files_own_plugin(int *fd, struct err *e)
{
    char path[64];
    int own;

    if (!memfd_is_sealed(*fd))
        return err_set(e, ERR_DENIED, "the plugin is not sealed");
    snprintf(path, sizeof path, "/proc/self/fd/%d", *fd);
    own = open(path, O_RDONLY | O_CLOEXEC);
    if (own < 0)
        return err_sys(e, "open the plugin");
    close(*fd);
    *fd = own;
    return true;
}
