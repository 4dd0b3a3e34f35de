/* files.c -- see files.h. */
#include "sandbox/supervisor/files.h"

#include "base/fd.h"
#include "ipc/frame.h"
#include "sandbox/wire/super_wire.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* What is read at once. */
enum {
    FILES_OF_OURS = 16,
    FILES_IN_FLIGHT = FRAMES_HEARD_AT_ONCE * SPAWN_FDS_MAX,
    FILES_SPENT_MIN = 16,
};

static void raise_max(struct files *f)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    f->max = limit.rlim_cur < UINT32_MAX ? (uint32_t)limit.rlim_cur : UINT32_MAX;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        f->max = limit.rlim_cur < UINT32_MAX ? (uint32_t)limit.rlim_cur : UINT32_MAX;
}

void files_raise(struct files *f)
{
    raise_max(f);
    f->spent_max = f->max / 8 < FILES_SPENT_MAX ? f->max / 8 : FILES_SPENT_MAX;
    if (f->spent_max < FILES_SPENT_MIN)
        f->spent_max = FILES_SPENT_MIN;
}

bool files_are_left(const struct files *f)
{
    return FILES_OF_OURS + f->used + FILES_IN_FLIGHT + f->spent_max <= f->max;
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

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

void files_spend(struct files *f, const int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (f->spent_count == f->spent_max)
            files_close_spent(f);
        if (fds[i] >= 0)
            f->spent[f->spent_count++] = fds[i];
    }
}

/* Neighbours, in the order of their numbers. */
static void close_run(const int *fds, uint32_t count)
{
    if (close_range((unsigned)fds[0], (unsigned)fds[count - 1], 0) == 0)
        return;
    for (uint32_t i = 0; i < count; i++)
        close(fds[i]);
}

void files_close_spent(struct files *f)
{
    const int *fds = f->spent;
    uint32_t from = 0;

    qsort(f->spent, f->spent_count, sizeof *f->spent, by_number);
    for (uint32_t i = 1; i <= f->spent_count; i++) {
        if (i < f->spent_count && fds[i] == fds[i - 1] + 1)
            continue;
        close_run(fds + from, i - from);
        from = i;
    }
    f->spent_count = 0;
}

bool files_own_plugin(int fd, int *ret, struct err *e)
{
    char path[64];

    if (!memfd_is_sealed(fd))
        return err_set(e, ERR_DENIED, "the plugin is not sealed");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    *ret = open(path, O_RDONLY | O_CLOEXEC);
    return *ret >= 0 || err_sys(e, "open the plugin");
}
