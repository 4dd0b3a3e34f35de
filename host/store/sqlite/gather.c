/* gather.c -- see gather.h. */
#include "store/sqlite/gather.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Of a frame's header; the database's size is zero but in a commit's last frame. */
enum { HEADER_BYTES = 24, SIZE_AT = 4, SIZE_BYTES = 4 };

struct gather_file {
    sqlite3_file file; /* first: SQLite hands it back as this */
    sqlite3_file *plain;
    uint8_t *bytes;
    int count;           /* of the bytes that wait */
    sqlite3_int64 at;    /* where they belong */
    sqlite3_int64 ended; /* where the last write did, of those that wait too; -1: there was none */
    bool committing;     /* the last header was that of a commit's last frame */
};

static struct gather_file *gather_of(sqlite3_file *file)
{
    return (struct gather_file *)file;
}

/* ---- writes ---- */

static int write_now(struct gather_file *g, const void *bytes, int count, sqlite3_int64 at)
{
    return g->plain->pMethods->xWrite(g->plain, bytes, count, at);
}

/* What waits is given up with a write that fails: SQLite gives up its transaction. */
static int flush(struct gather_file *g)
{
    int count = g->count;

    g->count = 0;
    return count == 0 ? SQLITE_OK : write_now(g, g->bytes, count, g->at);
}

static void keep(struct gather_file *g, const void *bytes, int count, sqlite3_int64 at)
{
    if (g->count == 0)
        g->at = at;
    memcpy(g->bytes + g->count, bytes, (size_t)count);
    g->count += count;
}

static void note_header(struct gather_file *g, const uint8_t *header)
{
    static const uint8_t none[SIZE_BYTES];

    g->committing = memcmp(header + SIZE_AT, none, sizeof none) != 0;
}

/* What does not follow on the last write goes out as it comes: it may be a header that is written
 * once more, behind which no page comes. */
static int gather_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 at)
{
    struct gather_file *g = gather_of(file);
    bool follows = at == g->ended, is_header = count == HEADER_BYTES;
    int rc = SQLITE_OK;

    g->ended = at + count;
    if (is_header)
        note_header(g, bytes);
    if (!follows || count > GATHER_BYTES_MAX - g->count)
        rc = flush(g);
    if (rc != SQLITE_OK)
        return rc;
    if (!follows)
        return write_now(g, bytes, count, at);
    keep(g, bytes, count, at);
    return g->committing && !is_header ? flush(g) : SQLITE_OK;
}

/* ---- what sees the file as it is ---- */

static int gather_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 at)
{
    struct gather_file *g = gather_of(file);
    int rc = flush(g);

    return rc != SQLITE_OK ? rc : g->plain->pMethods->xRead(g->plain, bytes, count, at);
}

static int gather_truncate(sqlite3_file *file, sqlite3_int64 bytes)
{
    struct gather_file *g = gather_of(file);
    int rc = flush(g);

    return rc != SQLITE_OK ? rc : g->plain->pMethods->xTruncate(g->plain, bytes);
}

static int gather_sync(sqlite3_file *file, int flags)
{
    struct gather_file *g = gather_of(file);
    int rc = flush(g);

    return rc != SQLITE_OK ? rc : g->plain->pMethods->xSync(g->plain, flags);
}

static int gather_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    struct gather_file *g = gather_of(file);
    int rc = flush(g);

    return rc != SQLITE_OK ? rc : g->plain->pMethods->xFileSize(g->plain, ret);
}

static int gather_close(sqlite3_file *file)
{
    struct gather_file *g = gather_of(file);
    int rc = flush(g), closed = g->plain->pMethods->xClose(g->plain);

    free(g->bytes);
    return rc != SQLITE_OK ? rc : closed;
}

/* ---- handed on ---- */

static int gather_lock(sqlite3_file *file, int level)
{
    struct gather_file *g = gather_of(file);

    return g->plain->pMethods->xLock(g->plain, level);
}

static int gather_unlock(sqlite3_file *file, int level)
{
    struct gather_file *g = gather_of(file);

    return g->plain->pMethods->xUnlock(g->plain, level);
}

static int gather_is_reserved(sqlite3_file *file, int *ret)
{
    struct gather_file *g = gather_of(file);

    return g->plain->pMethods->xCheckReservedLock(g->plain, ret);
}

static int gather_control(sqlite3_file *file, int what, void *arg)
{
    struct gather_file *g = gather_of(file);

    return g->plain->pMethods->xFileControl(g->plain, what, arg);
}

static int gather_sector(sqlite3_file *file)
{
    struct gather_file *g = gather_of(file);

    return g->plain->pMethods->xSectorSize(g->plain);
}

static int gather_device(sqlite3_file *file)
{
    struct gather_file *g = gather_of(file);

    return g->plain->pMethods->xDeviceCharacteristics(g->plain);
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = gather_close,
    .xRead = gather_read,
    .xWrite = gather_write,
    .xTruncate = gather_truncate,
    .xSync = gather_sync,
    .xFileSize = gather_size,
    .xLock = gather_lock,
    .xUnlock = gather_unlock,
    .xCheckReservedLock = gather_is_reserved,
    .xFileControl = gather_control,
    .xSectorSize = gather_sector,
    .xDeviceCharacteristics = gather_device,
};

/* ---- open ---- */

static int gather_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                       int *ret_flags)
{
    sqlite3_vfs *plain = ((struct gather_vfs *)vfs)->plain;
    struct gather_file *g = gather_of(file);
    int rc;

    if ((flags & SQLITE_OPEN_WAL) == 0)
        return plain->xOpen(plain, name, file, flags, ret_flags);
    *g = (struct gather_file){.plain = (sqlite3_file *)(g + 1), .ended = -1};
    g->plain->pMethods = NULL;
    rc = plain->xOpen(plain, name, g->plain, flags, ret_flags);
    if (g->plain->pMethods == NULL)
        return rc;
    /* It is to be closed, by SQLite, even where it could not be opened. */
    g->bytes = mem_alloc(GATHER_BYTES_MAX);
    g->file.pMethods = &methods;
    return rc;
}

void gather_init(struct gather_vfs *gather, const char *name, sqlite3_vfs *plain)
{
    gather->plain = plain;
    gather->vfs = *plain;
    gather->vfs.pNext = NULL;
    gather->vfs.zName = name;
    gather->vfs.szOsFile += (int)sizeof(struct gather_file);
    gather->vfs.xOpen = gather_open;
}
