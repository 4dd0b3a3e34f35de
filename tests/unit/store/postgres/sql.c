/* sql.c -- see sql.h. */
#include "sql.h"

#include "base/mem.h"

#include <check.h>
#include <stdio.h>

static char state[8];

static void pass_over(void *arg unused_arg, const PGresult *result unused_arg)
{
}

PGconn *sql_connect(const char *url)
{
    PGconn *conn = PQconnectdb(url);

    ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    PQsetNoticeReceiver(conn, pass_over, NULL);
    return conn;
}

void sql_run(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);

    ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", sql,
                  PQerrorMessage(conn));
    PQclear(result);
}

const char *sql_state(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    const char *met = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    snprintf(state, sizeof state, "%s", met != NULL ? met : "");
    PQclear(result);
    return state;
}

char *sql_text(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    char *text;

    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(conn));
    text = mem_str(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return text;
}
