/* count.c -- see count.h. */
#include "store/sqlite/count.h"

#include "base/fd.h"
#include "base/mem.h"
#include "store/sqlite/wal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 64 };

struct count {
    char *path;
    char *wal_path;
    int fd;
    int wal_fd; /* -1 until the first commit */
    bool open;
    struct wal_view wal; /* frames: as acknowledged */
    int64_t events;      /* the newest numbers of all ledgers, added up */
};

void count_free(struct count *c)
{
    if (c == NULL)
        return;
    auto_close_fd(&c->fd);
    auto_close_fd(&c->wal_fd);
    free(c->path);
    free(c->wal_path);
    free(c);
}

static bool parse(struct count *c, const char *line)
{
    char state[8];
    int used = 0;
    bool ok = sscanf(line, "%7s %" SCNx32 " %" SCNx32 " %" SCNu32 " %" SCNd64 "%n", state,
                     &c->wal.salt1, &c->wal.salt2, &c->wal.frames, &c->events, &used) == 5 &&
              line[used] == '\n';

    c->open = ok && strcmp(state, "open") == 0;
    return ok && (c->open || strcmp(state, "closed") == 0);
}

/* Zeros are what a power loss leaves of the first line, where a file gets its size before its data:
 * nothing was acknowledged before that line was synced. */
static bool read_line(struct count *c, bool *ret_known, struct err *e)
{
    char line[LINE_BYTES + 1] = "";
    ssize_t n = pread(c->fd, line, LINE_BYTES, 0);

    if (n < 0)
        return err_sys(e, "read '%s'", c->path);
    *ret_known = n > 0 && line[0] != '\0';
    if (*ret_known && !parse(c, line))
        return err_set(e, ERR_CORRUPT,
                       "'%s' is damaged: what was acknowledged is not known (move it away to take "
                       "the store as it is)",
                       c->path);
    return true;
}

/* The WAL may be newer than the line (a power loss), or merged by another program
 * (count_check_events then has the last word); it may not be older or shorter. */
static bool check_wal(const struct count *c, struct err *e)
{
    struct wal_view found;
    bool same;

    if (!c->open || c->wal.frames == 0)
        return true;
    if (!wal_look(c->wal_path, &found, e))
        return false;
    if (!found.whole_header)
        return access(c->wal_path, F_OK) != 0 ||
               err_set(e, ERR_CORRUPT, "'%s' is cut or damaged: %u pages in it were acknowledged",
                       c->wal_path, c->wal.frames);
    same = found.salt1 == c->wal.salt1 && found.salt2 == c->wal.salt2;
    if ((same && found.frames < c->wal.frames) || (int32_t)(found.salt1 - c->wal.salt1) < 0)
        return err_set(e, ERR_CORRUPT,
                       "'%s' is damaged or another one: of %u acknowledged pages it has %u",
                       c->wal_path, c->wal.frames, same ? found.frames : 0);
    return true;
}

bool count_open(const char *store_path, struct count **ret, struct err *e)
{
    auto_obj(count) c = mem_new(struct count);
    bool known = false;

    c->wal_fd = -1;
    c->path = mem_printf("%s.count", store_path);
    c->wal_path = mem_printf("%s-wal", store_path);
    c->fd = open(c->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (c->fd < 0)
        return err_sys(e, "open '%s'", c->path);
    if (!read_line(c, &known, e) || !check_wal(c, e))
        return false;
    if (!known && (!count_close(c, e) || !file_sync_dir(c->path, e)))
        return false;
    *ret = take(c);
    return true;
}

bool count_check_events(struct count *c, int64_t events, struct err *e)
{
    if (events < c->events)
        return err_set(e, ERR_CORRUPT,
                       "the store ends with event %lld, but event %lld was acknowledged: it is an "
                       "older copy or has lost its WAL",
                       (long long)events, (long long)c->events);
    c->events = events;
    return true;
}

static bool write_line(struct count *c, struct err *e)
{
    char line[LINE_BYTES + 1];
    int len =
        snprintf(line, sizeof line,
                 "%s %08" PRIx32 " %08" PRIx32 " %010" PRIu32 " %019" PRId64 "\n",
                 c->open ? "open" : "closed", c->wal.salt1, c->wal.salt2, c->wal.frames, c->events);

    if (pwrite(c->fd, line, (size_t)len, 0) != len)
        return err_sys(e, "write '%s'", c->path);
    return true;
}

/* The salts change when the WAL starts anew, which shows as fewer frames. */
static bool follow_wal(struct count *c, uint64_t frames, struct err *e)
{
    uint32_t before = c->wal.frames;
    bool anew = c->wal_fd < 0 || frames <= before;

    if (c->wal_fd < 0)
        c->wal_fd = open(c->wal_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (c->wal_fd < 0)
        return err_sys(e, "open '%s'", c->wal_path);
    if (anew && !wal_salts(c->wal_fd, &c->wal))
        return err_set(e, ERR_CORRUPT, "'%s' has no header behind a commit", c->wal_path);
    c->wal.frames = (uint32_t)frames;
    return true;
}

bool count_note(struct count *c, uint64_t wal_frames, int64_t events, struct err *e)
{
    if (wal_frames == 0) /* it changed nothing, and nothing before it did */
        return true;
    if (!follow_wal(c, wal_frames, e))
        return false;
    c->open = true;
    c->events += events;
    return write_line(c, e);
}

bool count_close(struct count *c, struct err *e)
{
    c->open = false;
    c->wal = (struct wal_view){0};
    if (!write_line(c, e))
        return false;
    return fdatasync(c->fd) == 0 || err_sys(e, "sync '%s'", c->path);
}
