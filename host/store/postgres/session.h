/* session.h -- a blocking connection for tools, which do one thing after the other. The host has
 * others. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_SESSION_H
#define ORCH_STORE_POSTGRES_SESSION_H

#include "store/postgres/link.h"

/* As link_open. ERR_INVALID: not an address of a server. */
bool session_open(const char *url, const char *part, PGconn **ret, struct err *e) must_check;
static inline void session_auto_close(PGconn **conn)
{
    PQfinish(*conn);
}
#define auto_session __attribute__((cleanup(session_auto_close))) PGconn *

/* Statements without results, also several at once. */
bool session_run(PGconn *conn, const char *sql, struct err *e) must_check;
/* One statement, its parameters as text. ret may be NULL. */
bool session_ask(PGconn *conn, const char *sql, const char *const params[], int count,
                 PGresult **ret, struct err *e) must_check;

#endif
