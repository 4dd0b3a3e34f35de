/* database.c -- see database.h: the file, the openings, the pulse. */
#include "database_parts.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/sqlite/db.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct database the_database;

void database_broken(const char *what, const char *why)
{
    fprintf(stderr, "database: %s: %s\n", what, why);
    abort();
}

/* ---- the file ---- */

static void remove_with(const char *path, const char *suffix)
{
    auto_mem char *name = mem_printf("%s%s", path, suffix);

    unlink(name);
}

static void remove_files(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".count", ".lock"};

    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
        remove_with(path, suffixes[i]);
}

void database_make_template(const char *path)
{
    const struct store_options options = {.url = path, .check = STORE_CHECK_NONE};
    struct store *store;
    struct err e;

    remove_files(path);
    if (!store_open(&options, &store, &e))
        database_broken("template", e.msg);
    store_close(store);
}

static void copy_file(const char *from, const char *to)
{
    auto_file in = fopen(from, "rb");
    auto_file out = fopen(to, "wb");
    char bytes[65536];
    size_t n;

    if (in == NULL || out == NULL)
        database_broken("copy", to);
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0) {
        if (fwrite(bytes, 1, n, out) != n)
            database_broken("copy", to);
    }
    if (fchmod(fileno(out), 0600) != 0)
        database_broken("copy", to);
}

void database_exec(const char *sql)
{
    struct err e;

    if (!sqlite_db_exec(the_database.admin, sql, &e))
        database_broken(sql, e.msg);
}

/* The numbers of a node's records are given out by the row that is to have company: they are taken
 * before it gets any. */
static void reserve_numbers(void)
{
    auto_obj(store_batch) b = store_batch_new();
    atomic_uint_fast64_t never = 0;
    bool synced;
    struct err e = {0};

    store_batch_run_insert(b, &(struct store_run){.run_id = "setup",
                                                  .tenant = "setup",
                                                  .dag_id = "setup",
                                                  .dag_version = "1.0.0",
                                                  .status = STORE_RUN_CANCELLED,
                                                  .inputs_hash = "",
                                                  .trace_id = "",
                                                  .input = "{}",
                                                  .levels = "[]",
                                                  .created_us = 1,
                                                  .completed_us = 1});
    store_batch_attempt_upsert(b, &(struct store_attempt){.run_id = "setup",
                                                          .tenant = "setup",
                                                          .node_id = "setup",
                                                          .attempt = 1,
                                                          .outcome = "cancelled",
                                                          .started_us = 1});
    if (sqlite_group_commit((struct driver_write *)the_database.write, b, &never, &synced, &e) !=
            GROUP_COMMITTED ||
        b->err != NULL)
        database_broken("setup", b->err != NULL ? b->err->msg : e.msg);
}

/* From here on it has a row for each opening that is alive, beside its own. */
static void let_several_live(void)
{
    database_exec("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF; BEGIN;"
                  "ALTER TABLE store_fence RENAME TO fence_of_file;"
                  "CREATE TABLE store_fence (id INTEGER NOT NULL, lease_epoch INTEGER NOT NULL,"
                  " records_given INTEGER NOT NULL, host_id TEXT, version TEXT, address TEXT,"
                  " started_at INTEGER, agents TEXT);"
                  "INSERT INTO store_fence SELECT id, lease_epoch, records_given, '', '', '', 0,"
                  " NULL FROM fence_of_file; COMMIT");
}

static void open_admin(const char *path)
{
    struct err e;

    if (!sqlite_db_open_plain(path, &the_database.admin, &e))
        database_broken("open", e.msg);
    sqlite3_db_config(the_database.admin, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

void database_open(const char *path, const char *template_path, enum lie lie,
                   struct database_sink sink)
{
    const struct store_options options = {.url = path,
                                          .host_id = "",
                                          .address = "",
                                          .checkpoint_pages = 1u << 30};
    struct err e;

    the_database = (struct database){.path = mem_str(path), .lie = lie, .sink = sink};
    remove_files(path);
    copy_file(template_path, path);
    if (!sqlite_write_open(&options, &the_database.write, &e))
        database_broken("open", e.msg);
    reserve_numbers();
    open_admin(path);
    let_several_live();
}

void database_close(void)
{
    sqlite3_finalize(the_database.find_owner);
    sqlite3_finalize(the_database.find_job);
    sqlite3_finalize(the_database.find_order);
    sqlite3_finalize(the_database.find_statements);
    if (the_database.reader != NULL)
        sqlite_reader_free(the_database.reader);
    for (size_t i = 0; i < the_database.idle_count; i++)
        sqlite_reader_free(the_database.idle[i]);
    sqlite_db_close(the_database.admin);
    sqlite_write_free(the_database.write);
    remove_files(the_database.path);
    free(the_database.path);
}

enum lie database_lie(void)
{
    return the_database.lie;
}

/* ---- who is alive ---- */

bool database_alive(unsigned host, int64_t epoch)
{
    return epoch != 0 && the_database.seats[host].alive == epoch;
}

void database_clock(int64_t now_us)
{
    the_database.now_us = now_us;
}

void database_name(unsigned host, char ret[HOST_NAME_BYTES])
{
    snprintf(ret, HOST_NAME_BYTES, "host-%u", host);
}

/* As the rows say it that the statements read; one who lies says of nobody that it lives. */
static void write_seat(unsigned host)
{
    const struct seat *seat = &the_database.seats[host];
    char name[HOST_NAME_BYTES];
    auto_mem char *sql = NULL;

    database_name(host, name);
    sql = mem_printf("DELETE FROM store_fence WHERE host_id = '%s'", name);
    database_exec(sql);
    if (seat->alive == 0 || the_database.lie == LIE_CLAIM)
        return;
    free(sql);
    sql = mem_printf("INSERT INTO store_fence VALUES (1, %lld, 0, '%s', '', '', 0, '{}')",
                     (long long)seat->alive, name);
    database_exec(sql);
}

int64_t database_take_seat(unsigned host)
{
    struct seat *seat = &the_database.seats[host];

    seat->alive = ++seat->epoch;
    seat->heartbeat_us = the_database.now_us;
    write_seat(host);
    the_database.sink.opening(the_database.sink.arg, FACT_OPENED, host, seat->alive);
    return seat->alive;
}

void database_leave_seat(unsigned host, int64_t epoch, enum fact_kind how)
{
    struct seat *seat = &the_database.seats[host];

    if (seat->alive != epoch)
        return;
    seat->alive = 0;
    write_seat(host);
    the_database.sink.opening(the_database.sink.arg, how, host, epoch);
}

static void fence_silent(const struct link *by)
{
    static const struct store_news is_free = {.kind = STORE_NEWS_FREE};
    int64_t since = the_database.seats[by->host].heartbeat_us - LEASE_TTL_US;
    bool any = false;

    for (unsigned host = 0; host < HOSTS_MAX; host++) {
        struct seat *seat = &the_database.seats[host];

        if (host == by->host || seat->alive == 0 || seat->heartbeat_us >= since)
            continue;
        any = true;
        database_leave_seat(host, seat->alive, FACT_FENCED);
    }
    if (!any)
        return;
    the_database.sink.told(the_database.sink.arg, by, &is_free);
    if (by->inbox != NULL)
        inbox_put(by->inbox, &is_free);
}

void database_renew(struct link *link, int64_t sent_boot_us, bool *ret_fenced)
{
    struct seat *seat = &the_database.seats[link->host];

    *ret_fenced = !database_alive(link->host, link->epoch);
    if (*ret_fenced)
        return;
    seat->heartbeat_us = the_database.now_us;
    link->sent_boot_us = sent_boot_us;
    link->steady.gap_us = 3 * BEAT_US;
    steady_note(&link->steady, sent_boot_us, the_database.now_us);
    if (steady_for(&link->steady, LEASE_TTL_US))
        fence_silent(link);
}

/* ---- what it has ---- */

static sqlite3_stmt *prepared(sqlite3_stmt **stmt, const char *sql)
{
    if (*stmt == NULL && sqlite3_prepare_v2(the_database.admin, sql, -1, stmt, NULL) != SQLITE_OK)
        database_broken(sql, sqlite3_errmsg(the_database.admin));
    return *stmt;
}

/* Of a row (lease_owner, lease_epoch). */
static bool owner_of(sqlite3_stmt *stmt, const char *key, int *ret_host, int64_t *ret_epoch)
{
    const char *name;
    bool found;

    sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
    found = sqlite3_step(stmt) == SQLITE_ROW;
    name = found ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    *ret_host = name != NULL ? atoi(name + strlen("host-")) : -1;
    *ret_epoch = name != NULL ? sqlite3_column_int64(stmt, 1) : 0;
    sqlite3_reset(stmt);
    return found;
}

bool database_owner(const char *run_id, int *ret_host, int64_t *ret_epoch)
{
    return owner_of(prepared(&the_database.find_owner,
                             "SELECT lease_owner, lease_epoch FROM dag_executions"
                             " WHERE execution_id = ?1"),
                    run_id, ret_host, ret_epoch);
}

bool database_job_owner(const char *job, int *ret_host, int64_t *ret_epoch)
{
    return owner_of(prepared(&the_database.find_job,
                             "SELECT lease_owner, lease_epoch FROM job_leases WHERE job = ?1"),
                    job, ret_host, ret_epoch);
}

static int64_t number_of(sqlite3_stmt *stmt, const char *run_id)
{
    int64_t number;

    sqlite3_bind_text(stmt, 1, run_id, -1, SQLITE_STATIC);
    number = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return number;
}

int64_t database_newest_order(const char *run_id)
{
    return number_of(prepared(&the_database.find_order,
                              "SELECT max(order_no) FROM run_orders WHERE execution_id = ?1"),
                     run_id);
}

int64_t database_statements(const char *run_id)
{
    return number_of(prepared(&the_database.find_statements,
                              "SELECT count(*) FROM statements WHERE execution_id = ?1"),
                     run_id);
}

struct store_reader *database_reader(void)
{
    struct err e;

    if (the_database.reader == NULL &&
        !sqlite_reader_open(the_database.path, &the_database.reader, &e))
        database_broken("reader", e.msg);
    return the_database.reader;
}
