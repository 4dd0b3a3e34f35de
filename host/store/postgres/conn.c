/* conn.c -- see conn.h. */
#include "store/postgres/conn.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define S_NS (1000LL * 1000 * 1000)
#define ASK_NS (30 * S_NS)
enum { MS_NS = 1000 * 1000, TIMEOUT_BYTES = 16 };

static const struct link_code codes[] = {
    {STATE_NOT_FOUND, ERR_NOT_FOUND},
    {STATE_CONFLICT, ERR_CONFLICT},
    {STATE_FENCED, ERR_CONFLICT},
    {"23503", ERR_NOT_FOUND},
    {"23505", ERR_CONFLICT},
    {"23000", ERR_CONFLICT},
    {"22", ERR_INVALID},
    {"23", ERR_INVALID},
    {"53", ERR_UNAVAILABLE},
    {"08", ERR_UNAVAILABLE},
    {"57P", ERR_UNAVAILABLE},
    {"40", ERR_UNAVAILABLE},
    {"25006", ERR_UNAVAILABLE},
    {"55P03", ERR_TIMEOUT},
    {"57014", ERR_TIMEOUT},
    {"42501", ERR_DENIED},
    {"3F", ERR_UNSUPPORTED},
    {"42", ERR_UNSUPPORTED},
    {"XX001", ERR_CORRUPT},
    {"XX002", ERR_CORRUPT},
};

enum err_code pg_conn_code(const char *state)
{
    return link_code_of(state, codes, ARRAY_LEN(codes));
}

bool pg_conn_refused(const char *state)
{
    return strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0 ||
           strcmp(state, STATE_NOT_FOUND) == 0 || strcmp(state, STATE_CONFLICT) == 0;
}

bool pg_conn_later(const char *state)
{
    enum err_code code = pg_conn_code(state);

    return code == ERR_UNAVAILABLE || code == ERR_TIMEOUT;
}

bool pg_conn_fail(PGconn *conn, const PGresult *result, struct err *e)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (state == NULL || message == NULL)
        return link_lost(conn, e);
    return err_set(e, pg_conn_code(state), "%s (SQLSTATE %s)", message, state);
}

PGconn *pg_conn_begin(const char *url, const char *part)
{
    return link_begin(url, part);
}

void pg_conn_close(PGconn *conn)
{
    if (conn == NULL)
        return;
    PQfinish(conn);
}

/* Both ways at once: with blocking sockets both sides could fill their buffers and hang. */
static bool wait_for_socket(void *arg unused_arg, PGconn *conn, short events, int64_t until_ns,
                            struct err *e)
{
    struct pollfd p = {PQsocket(conn), events, 0};
    int64_t left_ms = (until_ns - clock_mono_ns()) / MS_NS;

    if (left_ms <= 0)
        return err_set(e, ERR_TIMEOUT, PG_CONN_SILENT_TEXT);
    if (poll(&p, 1, (int)left_ms + 1) < 0 && errno != EINTR)
        return err_sys(e, "poll");
    return true;
}

static bool wait_by(const struct pg_conn_waiter *waiter, PGconn *conn, struct err *e)
{
    for (;;) {
        int unsent = PQflush(conn);

        if (unsent < 0 || PQstatus(conn) != CONNECTION_OK)
            return link_lost(conn, e);
        if (PQisBusy(conn) == 0)
            return true;
        if (!waiter->wait(waiter->arg, conn, (short)(POLLIN | (unsent > 0 ? POLLOUT : 0)),
                          waiter->until_ns, e))
            return false;
        if (PQconsumeInput(conn) == 0)
            return link_lost(conn, e);
    }
}

bool pg_conn_wait(PGconn *conn, int64_t until_ns, struct err *e)
{
    return wait_by(&(struct pg_conn_waiter){wait_for_socket, NULL, until_ns}, conn, e);
}

bool pg_conn_ask(PGconn *conn, const char *sql, const char *const params[], int count,
                 PGresult **ret, struct err *e)
{
    return pg_conn_ask_until(conn, sql, params, count, clock_mono_ns() + ASK_NS, ret, e);
}

bool pg_conn_ask_until(PGconn *conn, const char *sql, const char *const params[], int count,
                       int64_t until_ns, PGresult **ret, struct err *e)
{
    const struct pg_conn_waiter waiter = {wait_for_socket, NULL, until_ns};

    return pg_conn_ask_by(conn, &waiter, sql, params, count, ret, e);
}

bool pg_conn_ask_by(PGconn *conn, const struct pg_conn_waiter *waiter, const char *sql,
                    const char *const params[], int count, PGresult **ret, struct err *e)
{
    if (PQsendQueryParams(conn, sql, count, NULL, params, NULL, NULL, 0) == 0)
        return pg_conn_fail(conn, NULL, e);
    *ret = NULL;
    for (;;) {
        PGresult *result;

        if (!wait_by(waiter, conn, e))
            return false;
        result = PQgetResult(conn);
        if (result == NULL)
            break;
        PQclear(*ret);
        *ret = result;
    }
    if (PQresultStatus(*ret) == PGRES_TUPLES_OK || PQresultStatus(*ret) == PGRES_COMMAND_OK)
        return true;
    return pg_conn_fail(conn, *ret, e);
}

/* While a table is new the planner takes a walk over it for as good as its keys, and keeps the
 * plan: it is told that it is not. */
static bool prepare_session(PGconn *conn, const struct pg_conn_options *options, struct err *e)
{
    auto_mem char *timeout = mem_printf("%d", options->statement_ms);
    const char *const params[] = {link_schema(options->schema), timeout,
                                  options->read_only ? "on" : "off",
                                  options->waits_for_nothing ? "off" : "on"};
    int64_t wait_ns = options->connect_s > 0 ? options->connect_s * S_NS : ASK_NS;
    auto_result result = NULL;

    return pg_conn_ask_until(
        conn,
        "SELECT set_config('search_path', quote_ident($1), false),"
        " set_config('app.is_admin', 'true', false), set_config('statement_timeout', $2, false),"
        " set_config('idle_in_transaction_session_timeout', '60000', false),"
        " set_config('synchronous_commit', $4, false),"
        " set_config('plan_cache_mode', 'force_generic_plan', false),"
        " set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),"
        " set_config('enable_mergejoin', 'off', false), set_config('jit', 'off', false)"
        " WHERE set_config('default_transaction_read_only', $3, false) IS NOT NULL",
        params, (int)ARRAY_LEN(params), clock_mono_ns() + wait_ns, &result, e);
}

static bool open_link(const struct pg_conn_options *options, PGconn **ret, struct err *e)
{
    char seconds[TIMEOUT_BYTES];

    if (options->connect_s == 0)
        return link_open(options->url, options->part, ret, e);
    snprintf(seconds, sizeof seconds, "%d", options->connect_s);
    return link_open_in(options->url, options->part, seconds, ret, e);
}

bool pg_conn_open(const struct pg_conn_options *options, PGconn **ret, struct err *e)
{
    auto_conn conn = NULL;

    if (!open_link(options, &conn, e))
        return false;
    if (PQsetnonblocking(conn, 1) != 0)
        return link_lost(conn, e);
    if (!prepare_session(conn, options, e))
        return false;
    *ret = take(conn);
    return true;
}
