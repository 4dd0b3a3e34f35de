/* store.c -- see store.h: the file, its lock, and what ties writer and readers to it.
 *
 * The lock is taken before the file is looked at and given back after the writer has ended, so no
 * two processes ever write one file. Readers are connections of their own: they see a commit from
 * its sync on, thus never later than its completion. */
#include "store/store.h"

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

/* The file is made here, so that its mode never depends on a umask; the WAL inherits the mode. */
static bool file_prepare(const char *path, int flags, struct err *e)
{
    auto_fd fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(e, "open '%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INVALID, "'%s' is not a regular file", path);
    if ((st.st_mode & 077) != 0)
        return err_set(e, ERR_DENIED, "'%s' has mode %03o: others may not read it (chmod 600)",
                       path, st.st_mode & 0777);
    return true;
}

bool store_open(const struct store_options *options, struct store **ret, struct err *e)
{
    auto_store s = mem_new(struct store);
    auto_obj(sqlite_write) db = NULL;

    sqlite_db_setup();
    s->lock_fd = -1;
    s->path = mem_str(options->path);
    if (!lock_take(s->path, &s->lock_fd, e) || !file_prepare(s->path, O_CREAT, e) ||
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
    bool made = file_prepare(path, O_CREAT | O_EXCL, e);

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

    if (version < -1 || version > migration_count)
        return err_set(e, ERR_INVALID, "there is no schema version %d", version);
    if (!lock_take(path, &lock, e) || !file_prepare(path, 0, e) ||
        !sqlite_db_open_writer(path, &db, e) ||
        !migrate_to(db, version < 0 ? migration_count : version, e))
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
