/* watch.c -- see watch.h. */
#include "store/sqlite/watch.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>

enum {
    BLIND_MS = 1000, /* until the next look where nothing tells of the files */
    TOLD_MS = 10000, /* until the next where something does: a folder may be moved, too */
};

enum file { FILE_STORE, FILE_WAL, FILE_SHM, FILE_COUNT };

static const char *const suffixes[FILE_COUNT] = {"", "-wal", "-shm"};

struct watch {
    struct {
        char *path;
        dev_t dev;
        ino_t ino;
        off_t bytes; /* as of the last look */
    } files[FILE_COUNT];
};

void watch_free(struct watch *w)
{
    if (w == NULL)
        return;
    for (int i = 0; i < FILE_COUNT; i++)
        free(w->files[i].path);
    free(w);
}

bool watch_open(const char *store_path, struct watch **ret, struct err *e)
{
    auto_obj(watch) w = mem_new(struct watch);
    struct stat st;

    for (int i = 0; i < FILE_COUNT; i++) {
        w->files[i].path = mem_printf("%s%s", store_path, suffixes[i]);
        if (lstat(w->files[i].path, &st) < 0)
            return err_sys(e, "'%s'", w->files[i].path);
        w->files[i].dev = st.st_dev;
        w->files[i].ino = st.st_ino;
        w->files[i].bytes = st.st_size;
    }
    *ret = take(w);
    return true;
}

/* The WAL is cut by SQLite itself when it starts anew: its size is the caller's to judge. */
static bool look_at(struct watch *w, enum file i, struct err *e)
{
    struct stat st;

    if (lstat(w->files[i].path, &st) < 0)
        return errno == ENOENT
                   ? err_set(e, ERR_CORRUPT, "'%s' was removed under the host", w->files[i].path)
                   : err_sys(e, "'%s'", w->files[i].path);
    if (st.st_dev != w->files[i].dev || st.st_ino != w->files[i].ino)
        return err_set(e, ERR_CORRUPT, "'%s' is another file than the one that was opened",
                       w->files[i].path);
    if (i != FILE_WAL && st.st_size < w->files[i].bytes)
        return err_set(e, ERR_CORRUPT, "'%s' was cut from %lld to %lld bytes under the host",
                       w->files[i].path, (long long)w->files[i].bytes, (long long)st.st_size);
    w->files[i].bytes = st.st_size;
    return true;
}

bool watch_look(struct watch *w, struct err *e)
{
    for (int i = 0; i < FILE_COUNT; i++) {
        if (!look_at(w, (enum file)i, e))
            return false;
    }
    return true;
}

int watch_hear(const struct watch *w)
{
    auto_fd fd = inotify_init1(IN_CLOEXEC);

    for (int i = 0; i < FILE_COUNT; i++) {
        if (fd < 0 || inotify_add_watch(fd, w->files[i].path,
                                        IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF) < 0)
            return -1;
    }
    return take_fd(&fd);
}

void watch_rest(int told_fd, int found_fd, int wake_fd)
{
    struct pollfd fds[] = {{.fd = wake_fd, .events = POLLIN},
                           {.fd = told_fd, .events = POLLIN},
                           {.fd = found_fd, .events = POLLIN}};

    (void)poll(fds, ARRAY_LEN(fds), told_fd >= 0 ? TOLD_MS : BLIND_MS); /* early: a look too much */
}

off_t watch_wal_bytes(const struct watch *w)
{
    return w->files[FILE_WAL].bytes;
}
