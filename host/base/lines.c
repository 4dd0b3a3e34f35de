/* lines.c -- see lines.h. */
#include "base/lines.h"

#include "base/fd.h"
#include "base/mem.h"

#include <fcntl.h>
#include <string.h>

struct lines {
    char *path;
    int fd;
    size_t count;
    bool broken;
};

void lines_free(struct lines *l)
{
    if (l == NULL)
        return;
    auto_close_fd(&l->fd);
    free(l->path);
    free(l);
}

static bool open_to_add(struct lines *l, int flags, struct err *e)
{
    int fd = open(l->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

    if (fd < 0)
        return err_sys(e, "open '%s'", l->path);
    auto_close_fd(&l->fd);
    l->fd = fd;
    return true;
}

static size_t whole_lines(const char *text, size_t len, size_t *ret_count)
{
    size_t whole = 0, count = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\n')
            continue;
        whole = i + 1;
        count++;
    }
    *ret_count = count;
    return whole;
}

bool lines_open(const char *path, size_t bytes_max, struct lines **ret, struct buf *text,
                struct err *e)
{
    auto_obj(lines) l = mem_new(struct lines);
    auto_done(buf) all = {0};
    size_t whole;

    l->fd = -1;
    l->path = mem_str(path);
    if (!open_to_add(l, O_CREAT, e) || !file_sync_dir(path, e) ||
        !fd_read_all(l->fd, bytes_max, &all, e))
        return err_wrap(e, "'%s'", path);
    whole = whole_lines(buf_text(&all), all.len, &l->count);
    if (whole < all.len && !lines_replace(l, buf_text(&all), whole, l->count, e))
        return false;
    buf_add(text, buf_text(&all), whole);
    *ret = take(l);
    return true;
}

bool lines_add(struct lines *l, const char *text, size_t len, size_t count, struct err *e)
{
    if (l->broken)
        return err_set(e, ERR_SYSTEM, "'%s' could not be written before", l->path);
    if (!fd_write_all(l->fd, text, len, e) || fsync(l->fd) < 0) {
        l->broken = true;
        return err_sys(e, "write '%s'", l->path);
    }
    l->count += count;
    return true;
}

bool lines_replace(struct lines *l, const char *text, size_t len, size_t count, struct err *e)
{
    if (!file_write_atomic(l->path, text, len, 0600, e) || !open_to_add(l, 0, e))
        return false;
    l->count = count;
    return true;
}

size_t lines_count(const struct lines *l)
{
    return l->count;
}
