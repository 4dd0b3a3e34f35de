/* host_row.c -- see host_row.h. Every time is the database's. */
#include "store/postgres/host_row.h"

#include "base/mem.h"
#include "store/postgres/conn.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEASE_TTL_MS = 10000, HELD_OF_TEN = 7 };

/* The groups of an earlier opening hold its row FOR KEY SHARE, which an UPDATE alone would not wait
 * for. */
static const char wait_sql[] = "SELECT FROM hosts WHERE host_id = $1 FOR UPDATE";
#define OWN_BACKEND "(SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())"
static const char take_sql[] =
    "WITH mine AS (INSERT INTO hosts (host_id, version, address, lease_ttl, several, writer_pid,"
    " writer_since) VALUES ($1, $2, $3, $4::interval, true, pg_backend_pid(), " OWN_BACKEND ")"
    " ON CONFLICT (host_id) DO UPDATE SET epoch = hosts.epoch + 1,"
    " started_at = clock_timestamp(), heartbeat_at = clock_timestamp(), fenced = false,"
    " ended = false, several = true, version = excluded.version, address = excluded.address,"
    " lease_ttl = excluded.lease_ttl, writer_pid = excluded.writer_pid, writer_since = "
    "excluded.writer_since RETURNING epoch),"
    " token AS (INSERT INTO commit_tokens (host_id, epoch, token) SELECT $1, epoch, 0 FROM mine"
    " ON CONFLICT (host_id) DO UPDATE SET epoch = excluded.epoch, token = 0)"
    " SELECT epoch FROM mine";
static const char writer_sql[] =
    "UPDATE hosts SET writer_pid = pg_backend_pid(), writer_since = " OWN_BACKEND
    " WHERE host_id = $1 AND epoch = $2::bigint";
/* Of an earlier opening, whose process is gone (daemon/home.h): what hangs of it would be waited
 * for. */
static const char end_sql[] = "SELECT pg_terminate_backend(a.pid) FROM hosts AS h"
                              " JOIN pg_stat_activity AS a ON a.pid = h.writer_pid"
                              " AND a.backend_start = h.writer_since WHERE h.host_id = $1";
/* Behind the own row, which a host of before would see and end. */
static const char alone_sql[] =
    "WITH silent AS (UPDATE hosts SET fenced = true WHERE NOT several AND NOT fenced"
    " AND heartbeat_at <= now() - lease_ttl)"
    " SELECT host_id FROM hosts WHERE NOT several AND NOT fenced"
    " AND heartbeat_at > now() - lease_ttl LIMIT 1";
/* Homes that are no more. */
static const char sweep_sql[] = "WITH gone AS (DELETE FROM hosts WHERE fenced"
                                " AND heartbeat_at < now() - interval '30 days' RETURNING host_id)"
                                " DELETE FROM commit_tokens AS t USING gone AS g"
                                " WHERE t.host_id = g.host_id";

static bool run(PGconn *conn, const char *sql, const char *const params[], int count, struct err *e)
{
    auto_result result = NULL;

    return pg_conn_ask(conn, sql, params, count, &result, e);
}

static bool take_row(PGconn *conn, const struct store_options *options, struct host_row *row,
                     struct err *e)
{
    auto_mem char *ttl = mem_printf("%d milliseconds", row->lease_ttl_ms);
    const char *const params[] = {row->host_id, ORCH_VERSION, options->address, ttl};
    auto_result taken = NULL;
    auto_result alone = NULL;

    if (!run(conn, wait_sql, params, 1, e) || !pg_conn_ask(conn, take_sql, params, 4, &taken, e) ||
        !run(conn, sweep_sql, NULL, 0, e) || !pg_conn_ask(conn, alone_sql, NULL, 0, &alone, e))
        return false;
    if (PQntuples(alone) > 0)
        return err_set(e, ERR_CONFLICT,
                       "host '%s' has the store open, and is of a version that has it alone",
                       PQgetvalue(alone, 0, 0));
    row->epoch = strtoll(PQgetvalue(taken, 0, 0), NULL, 10);
    snprintf(row->epoch_text, sizeof row->epoch_text, "%lld", (long long)row->epoch);
    return true;
}

/* One that it may not end is waited for. */
static void end_earlier(PGconn *conn, const struct host_row *row)
{
    const char *const params[] = {row->host_id};
    struct err e = {0};

    if (!run(conn, end_sql, params, 1, &e))
        return;
}

bool host_row_take(PGconn *conn, const struct store_options *options, struct host_row *ret,
                   struct err *e)
{
    int ttl_ms = options->lease_ttl_ms > 0 ? (int)options->lease_ttl_ms : LEASE_TTL_MS;
    bool ok;

    *ret = (struct host_row){.host_id = mem_str(options->host_id), .lease_ttl_ms = ttl_ms};
    end_earlier(conn, ret);
    ok = run(conn, "BEGIN", NULL, 0, e) && take_row(conn, options, ret, e);
    if (run(conn, ok ? "COMMIT" : "ROLLBACK", NULL, 0, ok ? e : NULL) && ok)
        return true;
    host_row_done(ret);
    *ret = (struct host_row){0};
    return false;
}

bool host_row_note_writer(PGconn *conn, const struct host_row *row, struct err *e)
{
    const char *const params[] = {row->host_id, row->epoch_text};

    return run(conn, writer_sql, params, 2, e);
}

int64_t host_row_held_until_us(const struct host_row *row, int64_t sent_us)
{
    return sent_us + row->lease_ttl_ms * INT64_C(1000) * HELD_OF_TEN / 10;
}

void host_row_leave(PGconn *conn, const struct host_row *row)
{
    const char *const params[] = {row->host_id, row->epoch_text};

    if (!run(
            conn,
            "UPDATE hosts SET fenced = true, ended = true WHERE host_id = $1 AND epoch = $2::bigint"
            " AND NOT fenced",
            params, 2, NULL))
        return;
}

void host_row_done(struct host_row *row)
{
    free(row->host_id);
}
