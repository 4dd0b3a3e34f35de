/* out_file.c -- see out_file.h. */
#include "cli/out_file.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool stream_of(int fd, struct out_file *f, struct err *e)
{
    f->stream = fdopen(fd, "w");
    if (f->stream != NULL)
        return true;
    err_sys(e, "open '%s'", f->path);
    close(fd);
    return false;
}

static bool open_beside(struct out_file *f, mode_t mode, struct err *e)
{
    int fd;

    f->temp = file_temp_name(f->path);
    fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) {
        free(take(f->temp));
        return err_sys(e, "create a file beside '%s'", f->path);
    }
    return stream_of(fd, f, e) && (fchmod(fd, mode) == 0 || err_sys(e, "mode of '%s'", f->temp));
}

static bool open_through(struct out_file *f, mode_t mode, struct err *e)
{
    int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, mode);

    return fd < 0 ? err_sys(e, "open '%s'", f->path) : stream_of(fd, f, e);
}

bool out_file_open(const char *path, mode_t mode, struct out_file *ret, struct err *e)
{
    auto_done(out_file) f = {.path = path};
    struct stat st;
    bool there = lstat(path, &st) == 0;

    if (!there && errno != ENOENT)
        return err_sys(e, "open '%s'", path);
    if (there && !S_ISREG(st.st_mode) ? !open_through(&f, mode, e)
                                      : !open_beside(&f, there ? st.st_mode & 0777 : mode, e))
        return false;
    *ret = f;
    f = (struct out_file){0};
    return true;
}

/* A pipe and a device have nothing to sync. */
static bool synced(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP;
}

bool out_file_keep(struct out_file *f, struct err *e)
{
    if (fflush(f->stream) != 0 || !synced(fileno(f->stream)) || fclose(take(f->stream)) != 0 ||
        (f->temp != NULL && rename(f->temp, f->path) < 0))
        return err_sys(e, "write '%s'", f->path);
    if (f->temp == NULL)
        return true;
    free(take(f->temp));
    return file_sync_dir(f->path, e);
}

void out_file_done(struct out_file *f)
{
    if (f->stream != NULL)
        fclose(f->stream);
    if (f->temp != NULL)
        unlink(f->temp);
    free(f->temp);
    *f = (struct out_file){0};
}

bool out_file_write(const char *path, const void *bytes, size_t len, mode_t mode, struct err *e)
{
    auto_done(out_file) f = {0};

    if (!out_file_open(path, mode, &f, e))
        return false;
    if (fwrite(bytes, 1, len, f.stream) != len)
        return err_sys(e, "write '%s'", path);
    return out_file_keep(&f, e);
}
