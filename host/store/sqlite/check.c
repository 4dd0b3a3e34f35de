/* check.c -- see check.h. */
#include "store/sqlite/check.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/sqlite/db.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CHECK_NICE = 10 }; /* a tenth of a processor that others want as well */
#define BESIDE_NS (60LL * 1000 * 1000 * 1000)

/* quick_check answers one row: "ok", or the first thing that it found. It reads each page once: in
 * the writer's large cache each would be fresh memory, a third of its time. All trees are one
 * instruction of SQLite's machine: no progress handler is called in it, only sqlite3_interrupt
 * ends it, and what is answered then means nothing. */
static bool check(sqlite3 *db, struct err *e)
{
    sqlite3_stmt *stmt = NULL;
    const struct statement s = {"PRAGMA quick_check(1)", NULL};
    bool ok;
    int rc;

    if (!sqlite_db_exec(db, "PRAGMA cache_size = -1024;", e) ||
        !sqlite_db_prepare(db, &s, &stmt, e))
        return false;
    rc = sqlite_db_step(stmt);
    ok = rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
    if (!ok && rc != SQLITE_ROW)
        sqlite_db_fail(db, "quick_check", e);
    else if (!ok)
        err_set(e, ERR_CORRUPT, "quick_check: %s", sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return ok;
}

bool check_now(sqlite3 *db, struct err *e)
{
    return check(db, e) && sqlite_db_exec(db, SQLITE_DB_WRITER_CACHE, e);
}

struct check {
    pthread_t thread;
    sqlite3 *db;
    int64_t until_ns;
    atomic_bool ends, found;
    struct err why; /* before found is set */
    int found_fd;
};

static void *run(void *arg)
{
    struct check *c = arg;
    bool good;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), CHECK_NICE);
    good = check(c->db, &c->why);
    sqlite3_db_release_memory(c->db);
    if (good || atomic_load(&c->ends) || c->why.code == ERR_UNAVAILABLE) /* another had it locked */
        return NULL;
    atomic_store(&c->found, true);
    eventfd_write(c->found_fd, 1);
    return NULL;
}

static void end(struct check *c)
{
    atomic_store(&c->ends, true);
    sqlite3_interrupt(c->db);
}

bool check_beside(const char *store_path, struct check **ret, struct err *e)
{
    auto_sqlite db = NULL;
    auto_fd found_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    auto_mem struct check *c = mem_new(struct check);
    int failed;

    if (found_fd < 0)
        return err_sys(e, "eventfd");
    if (!sqlite_db_open_reader(store_path, &db, e))
        return false;
    c->found_fd = found_fd;
    c->db = db;
    c->until_ns = clock_mono_ns() + BESIDE_NS;
    failed = thread_start(&c->thread, run, c);
    if (failed != 0)
        return err_set(e, ERR_SYSTEM, "start a thread: %s", strerror(failed));
    take(db);
    take_fd(&found_fd);
    *ret = take(c);
    return true;
}

void check_free(struct check *c)
{
    if (c == NULL)
        return;
    end(c);
    pthread_join(c->thread, NULL);
    sqlite_db_close(c->db);
    close(c->found_fd);
    free(c);
}

bool check_look(struct check *c, struct err *e)
{
    if (c == NULL)
        return true;
    if (clock_mono_ns() > c->until_ns)
        end(c);
    return !atomic_load(&c->found) || err_set(e, c->why.code, "%s", c->why.msg);
}

int check_found_fd(const struct check *c)
{
    return c != NULL ? c->found_fd : -1;
}
