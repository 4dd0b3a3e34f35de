/* store.c -- see store.h: the file, its lock, and what ties writer and readers to it.
 *
 * The lock is taken before the file is looked at and given back after the writer has ended, so no
 * two processes ever write one file. Readers are connections of their own: they see a commit from
 * its sync on, thus never later than its completion. */
#include "store/store.h"

#include "base/fd.h"
#include "base/mem.h"
#include "store/sqlite/db.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/write.h"
#include "store/sqlite/writer.h"
#include "store/store_path.h"
#include "store/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>

struct store {
    char *path;
    int lock_fd;
    struct writer *writer;
};

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

bool store_open(const struct store_options *options, struct store **ret, struct err *e)
{
    auto_store s = mem_new(struct store);
    auto_obj(sqlite_write) db = NULL;

    sqlite_db_setup();
    s->lock_fd = -1;
    s->path = mem_str(options->path);
    if (!lock_take(s->path, &s->lock_fd, e) || !files_prepare(s->path, options->create, e) ||
        !sqlite_write_open(options, &db, e) || !writer_start_take(options, &db, &s->writer, e))
        return err_wrap(e, "open store");
    *ret = take(s);
    return true;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    writer_free(store->writer);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->path);
    free(store);
}

const char *store_path(const struct store *store)
{
    return store->path;
}

bool store_submit_take(struct store *store, struct store_batch **batch, store_done_fn *done,
                       void *arg, struct err *e)
{
    return writer_submit_take(store->writer, batch, done, arg, e);
}

int store_poll_fd(const struct store *store)
{
    return writer_poll_fd(store->writer);
}

size_t store_turn(struct store *store)
{
    return writer_turn(store->writer);
}

bool store_pressed(struct store *store)
{
    return writer_pressed(store->writer);
}

size_t store_pending(const struct store *store)
{
    return writer_pending(store->writer);
}

bool store_failed(struct store *store, struct err *ret_why)
{
    return writer_failed(store->writer, ret_why);
}

bool store_blocked(struct store *store)
{
    return writer_blocked(store->writer);
}

void store_stats(struct store *store, struct store_stats *ret)
{
    writer_stats(store->writer, ret);
}

struct waiting {
    bool over;
    bool ok;
    struct err err;
    struct store_done done;
};

static void wait_done(void *arg, const struct store_done *done)
{
    struct waiting *w = arg;

    w->over = true;
    w->ok = done->err == NULL;
    if (!w->ok)
        w->err = *done->err;
    w->done = (struct store_done){NULL, done->first_event, done->last_event};
}

bool store_commit_wait(struct store *store, struct store_batch **batch, struct store_done *ret,
                       struct err *e)
{
    struct waiting w = {0};
    struct pollfd p = {.fd = store_poll_fd(store), .events = POLLIN};

    if (!store_submit_take(store, batch, wait_done, &w, e))
        return false;
    while (!w.over) {
        if (poll(&p, 1, -1) < 0 && errno != EINTR)
            return err_sys(e, "wait for the store");
        store_turn(store);
    }
    if (!w.ok)
        return err_set(e, w.err.code, "%s", w.err.msg);
    if (ret != NULL)
        *ret = w.done;
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

static bool backup_into(const struct store *store, const char *path, struct err *e)
{
    auto_sqlite from = NULL;
    auto_sqlite to = NULL;

    return sqlite_db_open_reader(store->path, &from, e) && sqlite_db_open_plain(path, &to, e) &&
           copy_pages(from, to, e);
}

bool store_backup(struct store *store, const char *path, struct err *e)
{
    off_t bytes;
    bool made = file_prepare(path, O_CREAT | O_EXCL, &bytes, e);

    if (made && backup_into(store, path, e))
        return true;
    if (made)
        unlink(path);
    return err_wrap(e, "back up the store");
}

bool store_migrate(const char *path, int version, struct err *e)
{
    auto_fd lock = -1;
    auto_sqlite db = NULL;
    off_t bytes;

    if (version < -1 || version > migration_count)
        return err_set(e, ERR_INVALID, "there is no schema version %d", version);
    if (!lock_take(path, &lock, e) || !file_prepare(path, 0, &bytes, e) ||
        !sqlite_db_open_writer(path, &db, e) ||
        !migrate_to(db, version < 0 ? migration_count : version, e) || !forget(path, ".count", e))
        return err_wrap(e, "migrate '%s'", path);
    return true;
}

int store_schema_version(void)
{
    return migration_count;
}

bool store_driver_has_reset_bug(void)
{
    return sqlite3_libversion_number() < 3051003;
}

const char *store_driver_version(void)
{
    return sqlite3_libversion();
}

void store_testing_fail_commit(struct store *store, uint64_t nth)
{
    writer_fail_commit(store->writer, nth);
}

void store_testing_hold(struct store *store, int held)
{
    writer_hold(store->writer, held != 0);
}
