/* driver.c -- see store/driver.h: a file, its lock, and what ties writer and readers to it.
 *
 * The lock is taken before the file is looked at and given back after the writer has ended, so no
 * two processes ever write one file. Readers are connections of their own: they see a commit from
 * its sync on, thus never later than its completion. */
#include "store/driver.h"

#include "base/fd.h"
#include "base/mem.h"
#include "store/sqlite/db.h"
#include "store/sqlite/group.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/read.h"
#include "store/sqlite/write.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

struct base {
    struct driver_base base; /* first: the store hands it back as this */
    char *path;
    int lock_fd;
};

static void base_close(struct driver_base *base)
{
    struct base *b = (struct base *)base;

    if (b == NULL)
        return;
    if (b->lock_fd >= 0)
        close(b->lock_fd);
    free(b->path);
    free(b);
}

/* A lock on a file of its own: closing any descriptor of the database file would drop the locks
 * that SQLite holds on it. The file stays; only its lock means something. */
static bool lock_take(const char *path, int *ret_fd, struct err *e)
{
    auto_mem char *name = mem_printf("%s.lock", path);
    auto_fd fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return err_sys(e, "open '%s'", name);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return err_set(e, ERR_CONFLICT, "another process has '%s' open", path);
        return err_sys(e, "lock '%s'", name);
    }
    *ret_fd = take_fd(&fd);
    return true;
}

static bool is_private(const char *path, int fd, struct stat *ret, struct err *e)
{
    if (fstat(fd, ret) < 0)
        return err_sys(e, "stat '%s'", path);
    if (!S_ISREG(ret->st_mode))
        return err_set(e, ERR_INVALID, "'%s' is not a regular file", path);
    if (ret->st_uid != geteuid() && ret->st_uid != 0)
        return err_set(e, ERR_DENIED, "'%s' belongs to user %u: it may write the store", path,
                       (unsigned)ret->st_uid);
    if ((ret->st_mode & 077) != 0)
        return err_set(e, ERR_DENIED, "'%s' has mode %03o: others may not use it (chmod 600)", path,
                       ret->st_mode & 0777);
    return true;
}

/* The file is made here, so that its mode never depends on a umask; the WAL inherits the mode. */
static bool file_prepare(const char *path, int flags, off_t *ret_bytes, struct err *e)
{
    auto_fd fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    struct stat st;

    if (fd < 0)
        return err_sys(e, "open '%s'", path);
    if (!is_private(path, fd, &st, e))
        return false;
    *ret_bytes = st.st_size;
    return st.st_size > 0 || file_sync_dir(path, e); /* a new name must survive a power loss */
}

/* What a WAL or a count says is believed as the store itself is. */
static bool others_prepare(const char *path, struct err *e)
{
    static const char *const suffixes[] = {"-wal", "-shm", ".count"};

    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        auto_mem char *name = mem_printf("%s%s", path, suffixes[i]);
        auto_fd fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;

        if (fd < 0 && errno != ENOENT)
            return err_sys(e, "open '%s'", name);
        if (fd >= 0 && !is_private(name, fd, &st, e))
            return false;
    }
    return true;
}

static bool forget(const char *path, const char *suffix, struct err *e)
{
    auto_mem char *name = mem_printf("%s%s", path, suffix);

    return unlink(name) == 0 || errno == ENOENT || err_sys(e, "remove '%s'", name);
}

/* What is left of a store that was given up; a backup keeps what was worth it. */
static bool forget_old(const char *path, struct err *e)
{
    return forget(path, "-wal", e) && forget(path, "-shm", e) && forget(path, ".count", e);
}

static bool files_prepare(const char *path, enum store_create create, struct err *e)
{
    off_t bytes = 0;
    struct stat st;

    if (create == STORE_CREATE_NEVER && (lstat(path, &st) < 0 || st.st_size == 0))
        return err_set(e, ERR_NOT_FOUND, "'%s' is %s", path,
                       access(path, F_OK) == 0 ? "empty" : "missing");
    if (!file_prepare(path, O_CREAT, &bytes, e) || !others_prepare(path, e))
        return false;
    return create != STORE_CREATE_ANEW || bytes > 0 || forget_old(path, e);
}

static bool driver_open(const struct store_options *options, struct driver_base **ret,
                        struct driver_write **ret_write, struct err *e)
{
    struct base *b = mem_new(struct base);
    auto_obj(sqlite_write) write = NULL;

    sqlite_db_setup();
    *b = (struct base){{&sqlite_driver, 0}, mem_str(options->url), -1};
    if (!lock_take(b->path, &b->lock_fd, e) || !files_prepare(b->path, options->create, e) ||
        !sqlite_write_open(options, &write, e)) {
        base_close(&b->base);
        return false;
    }
    b->base.epoch = sqlite_write_epoch(write);
    *ret = &b->base;
    *ret_write = (struct driver_write *)take(write);
    return true;
}

/* All pages in one step: a copy in several would start anew with every commit between them. */
static bool copy_pages(sqlite3 *from, sqlite3 *to, struct err *e)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    int rc;

    if (b == NULL)
        return sqlite_db_fail(to, "backup", e);
    rc = sqlite3_backup_step(b, -1);
    sqlite3_backup_finish(b);
    if (rc != SQLITE_DONE)
        return sqlite_db_fail(to, "backup", e);
    return true;
}

static bool backup_into(const char *from_path, const char *path, struct err *e)
{
    auto_sqlite from = NULL;
    auto_sqlite to = NULL;

    return sqlite_db_open_reader(from_path, &from, e) && sqlite_db_open_plain(path, &to, e) &&
           copy_pages(from, to, e);
}

static bool driver_backup(const struct driver_base *base, const char *path, struct err *e)
{
    off_t bytes;
    bool made = file_prepare(path, O_CREAT | O_EXCL, &bytes, e);

    if (made && backup_into(((const struct base *)base)->path, path, e))
        return true;
    if (made)
        unlink(path);
    return false;
}

static bool driver_migrate(const char *path, int version, struct err *e)
{
    auto_fd lock = -1;
    auto_sqlite db = NULL;
    off_t bytes;

    if (version < -1 || version > migration_count)
        return err_set(e, ERR_INVALID, "there is no schema version %d", version);
    return lock_take(path, &lock, e) && file_prepare(path, 0, &bytes, e) &&
           sqlite_db_open_writer(path, &db, e) &&
           migrate_to(db, version < 0 ? migration_count : version, e) && forget(path, ".count", e);
}

static bool driver_reader_open(struct driver_base *base, struct store_reader **ret, struct err *e)
{
    return sqlite_reader_open(((const struct base *)base)->path, ret, e);
}

static void write_free(struct driver_write *w)
{
    sqlite_write_free(sqlite_write_of(w));
}

static void give_up(struct driver_write *w)
{
    sqlite_write_rollback(sqlite_write_of(w));
}

/* Whatever no other driver takes is a file's name. */
static bool driver_takes(const char *url)
{
    return url[0] != '\0';
}

static const char *driver_version(const struct driver_base *base unused_arg)
{
    return sqlite3_libversion();
}

static int schema_version(void)
{
    return migration_count;
}

/* What runs and waits is kept up as it comes. */
static bool nothing_to_keep_up(const struct driver_base *base unused_arg, struct err *e unused_arg)
{
    return true;
}

const struct store_driver sqlite_driver = {
    .name = "SQLite",
    .away_text = "another process has the store locked: ask again",
    .takes = driver_takes,
    .open = driver_open,
    .close = base_close,
    .backup = driver_backup,
    .migrate = driver_migrate,
    .upkeep = nothing_to_keep_up,
    .schema_version = schema_version,
    .version = driver_version,
    .commit = sqlite_group_commit,
    .give_up = give_up,
    .tidy = sqlite_write_tidy,
    .rest = sqlite_write_rest,
    .shed = sqlite_write_shed,
    .wal_pages = sqlite_write_wal_pages,
    .write_free = write_free,
    .reader_open = driver_reader_open,
    .reader_free = sqlite_reader_free,
    .rows = sqlite_reader_rows,
    .number = sqlite_reader_number,
};

bool store_driver_has_reset_bug(void)
{
    return sqlite3_libversion_number() < 3051003;
}
