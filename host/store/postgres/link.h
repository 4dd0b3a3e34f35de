/* link.h -- what every connection to PostgreSQL begins with, a host's (conn.h) and a tool's
 * (session.h). Any thread. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_LINK_H
#define ORCH_STORE_POSTGRES_LINK_H

#include "base/auto.h"
#include "base/err.h"

#include <libpq-fe.h>

/* The schema of whoever names none: NULL or "". */
const char *link_schema(const char *name);

/* A URI, or libpq's "host=... dbname=..."; what has a '=' behind a '/' is a file's name. */
bool link_takes(const char *url);

/* application_name is "orchestrator:<host name>:<part>". Ten seconds to connect, to a server that
 * takes writes, and one that went away is found by the kernel, unless the URL says otherwise. A
 * password is libpq's to find (PGPASSFILE, the service file). ERR_UNAVAILABLE: no connection now.
 * ERR_UNSUPPORTED: an older server. PQfinish ends it. */
bool link_open(const char *url, const char *part, PGconn **ret, struct err *e) must_check;
/* The same with so many seconds for each address of the URL. */
bool link_open_in(const char *url, const char *part, const char *timeout_s, PGconn **ret,
                  struct err *e) must_check;

/* The same in two steps, between which the caller polls (PQconnectPoll) and keeps the time. */
PGconn *link_begin(const char *url, const char *part) must_check;
bool link_made(PGconn *conn, struct err *e) must_check;

/* No answer came: libpq's words. Gives false. */
bool link_lost(PGconn *conn, struct err *e);

/* What an error of the server is for us: the first that its SQLSTATE begins with, else ERR_SYSTEM.
 */
struct link_code {
    const char *state;
    enum err_code code;
};
enum err_code link_code_of(const char *state, const struct link_code *codes, size_t count);

enum { LINK_HOST_NAME_BYTES = 65 };
void link_host_name(char ret[LINK_HOST_NAME_BYTES]);

static inline void result_auto_clear(PGresult **result)
{
    PQclear(*result);
}
#define auto_result __attribute__((cleanup(result_auto_clear))) PGresult *

#endif
