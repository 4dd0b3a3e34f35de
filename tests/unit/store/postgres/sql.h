/* sql.h -- statements of a test, in a database of its own. */
#ifndef ORCH_TESTS_STORE_POSTGRES_SQL_H
#define ORCH_TESTS_STORE_POSTGRES_SQL_H

#include "cluster.h"

#include <libpq-fe.h>

/* A connection; fails the test with the server's words. */
PGconn *sql_connect(const char *url);
/* Runs sql; fails the test unless it goes well. */
void sql_run(PGconn *conn, const char *sql);
/* Runs sql; the SQLSTATE that it met, "" for none. Until the next call. */
const char *sql_state(PGconn *conn, const char *sql);
/* The first column of the first row; the caller owns it. "" for NULL and for no row. */
char *sql_text(PGconn *conn, const char *sql);

#endif
