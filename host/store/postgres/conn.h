/* conn.h -- one connection of the host to PostgreSQL, which never blocks without an end: it is
 * nonblocking, every wait has a deadline, and a server that went away is found by the kernel. One
 * thread at a time. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_CONN_H
#define ORCH_STORE_POSTGRES_CONN_H

#include "store/postgres/link.h"

#include <stdint.h>

/* SQLSTATEs of our own (schema/V026): what a statement of ours raises when it did not find what it
 * was to change. */
#define STATE_CONFLICT "OR409"
#define STATE_NOT_FOUND "OR404"
#define STATE_FENCED "OR001"

struct pg_conn_options {
    const char *url;
    const char *schema; /* see link_schema */
    const char *part;   /* application_name is "orchestrator:<host name>:<part>" */
    bool read_only;
    int statement_ms;       /* what the server gives a statement */
    int connect_s;          /* for each address of the URL, and to begin with; 0: as link_open */
    bool waits_for_nothing; /* a commit is over before a disk or a standby has it */
};

/* As link_open. Its schema is found by unqualified names, and it sees the rows of
 * every tenant: whoever asks names the tenant. ERR_UNAVAILABLE: no connection now. */
bool pg_conn_open(const struct pg_conn_options *options, PGconn **ret, struct err *e) must_check;
/* As link_begin, for pg_conn_close. */
PGconn *pg_conn_begin(const char *url, const char *part) must_check;
void pg_conn_close(PGconn *conn); /* accepts NULL */
static inline void pg_conn_auto_close(PGconn **conn)
{
    pg_conn_close(*conn);
}
#define auto_conn __attribute__((cleanup(pg_conn_auto_close))) PGconn *

/* Sends what is to be sent and waits until the next result can be had without blocking. False: the
 * connection is lost, or the deadline (clock_mono_ns) has passed, which is the same: what was sent
 * may have happened. */
bool pg_conn_wait(PGconn *conn, int64_t until_ns, struct err *e) must_check;

#define PG_CONN_SILENT_TEXT "the database did not answer in time"
/* How it waits, for whoever looks at something else meanwhile: until the socket has one of poll's
 * events, or earlier; false: not before the deadline. */
struct pg_conn_waiter {
    bool (*wait)(void *arg, PGconn *conn, short events, int64_t until_ns, struct err *e);
    void *arg;
    int64_t until_ns;
};
/* pg_conn_ask_until with it. */
bool pg_conn_ask_by(PGconn *conn, const struct pg_conn_waiter *waiter, const char *sql,
                    const char *const params[], int count, PGresult **ret,
                    struct err *e) must_check;

/* One statement and its answer, at a start or an end; waits for half a minute at most. */
bool pg_conn_ask(PGconn *conn, const char *sql, const char *const params[], int count,
                 PGresult **ret, struct err *e) must_check;

/* The same until a time of clock_mono_ns. */
bool pg_conn_ask_until(PGconn *conn, const char *sql, const char *const params[], int count,
                       int64_t until_ns, PGresult **ret, struct err *e) must_check;

/* What an error of the server is for us. */
enum err_code pg_conn_code(const char *state);
/* The statement's own fault: another one would go well. */
bool pg_conn_refused(const char *state);
/* Nothing is wrong with what was asked: it may go well later. */
bool pg_conn_later(const char *state);
/* Both give false. result NULL: no answer came. */
bool pg_conn_fail(PGconn *conn, const PGresult *result, struct err *e);

#endif
