/* session.c -- see session.h. */
#include "store/postgres/session.h"

static const struct link_code codes[] = {
    {"08", ERR_UNAVAILABLE}, {"57P", ERR_UNAVAILABLE}, {"53", ERR_UNAVAILABLE},
    {"55P03", ERR_TIMEOUT},  {"57014", ERR_TIMEOUT},   {"40", ERR_UNAVAILABLE},
    {"42501", ERR_DENIED},   {"25006", ERR_DENIED},    {"XX001", ERR_CORRUPT},
    {"XX002", ERR_CORRUPT},
};

static bool fail(PGconn *conn, const PGresult *result, struct err *e)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);

    if (state == NULL || message == NULL)
        return link_lost(conn, e);
    return err_set(e, link_code_of(state, codes, ARRAY_LEN(codes)), "%s (SQLSTATE %s)%s%s", message,
                   state, hint != NULL ? "; " : "", hint != NULL ? hint : "");
}

bool session_open(const char *url, const char *part, PGconn **ret, struct err *e)
{
    if (!link_takes(url))
        return err_set(e, ERR_INVALID,
                       "the store is neither postgresql://... nor host=... dbname=...");
    return link_open(url, part, ret, e);
}

bool session_run(PGconn *conn, const char *sql, struct err *e)
{
    auto_result result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || fail(conn, result, e);
}

bool session_ask(PGconn *conn, const char *sql, const char *const params[], int count,
                 PGresult **ret, struct err *e)
{
    auto_result result = PQexecParams(conn, sql, count, NULL, params, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return fail(conn, result, e);
    if (ret != NULL)
        *ret = take(result);
    return true;
}
