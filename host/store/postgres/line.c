/* line.c -- see line.h. */
#include "store/postgres/line.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/postgres/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#define MS_NS (1000LL * 1000)
enum { CHANNEL_BYTES_MAX = 63 };

struct line {
    struct line_options opt;
    PGconn *conn;
    char channel[CHANNEL_BYTES_MAX + 1];
    int pid;         /* the server's own word: a pooler between may say another */
    int64_t last_ns; /* nothing takes longer than until then */
};

static int64_t from_now(int64_t ms)
{
    return clock_mono_ns() + ms * MS_NS;
}

/* Until the socket has one of the events, for as long as is left. False: time is over. */
static bool poll_socket(void *arg, PGconn *conn, short events, int64_t until_ns, struct err *e)
{
    struct line *l = arg;
    bool ending = l->last_ns != INT64_MAX;
    struct pollfd p[] = {{PQsocket(conn), events, 0}, {ending ? -1 : l->opt.end_fd, POLLIN, 0}};
    int64_t left_ns = (until_ns < l->last_ns ? until_ns : l->last_ns) - clock_mono_ns();

    if (left_ns <= 0)
        return err_set(e, ERR_TIMEOUT, PG_CONN_SILENT_TEXT);
    if (ppoll(p, ARRAY_LEN(p),
              &(struct timespec){left_ns / (1000 * MS_NS), left_ns % (1000 * MS_NS)}, NULL) < 0 &&
        errno != EINTR)
        return err_sys(e, "poll");
    if (p[1].revents != 0)
        l->last_ns = from_now(LINE_LAST_MS);
    return true;
}

static void hear(struct line *l)
{
    PGnotify *n;

    while ((n = PQnotifies(l->conn)) != NULL) {
        l->opt.heard(l->opt.arg, n->extra, n->be_pid == l->pid);
        PQfreemem(n);
    }
}

/* What was notified meanwhile is heard. */
static bool ask(struct line *l, const char *sql, const char *const params[], int count,
                PGresult **ret, struct err *e)
{
    const struct pg_conn_waiter waiter = {poll_socket, l, from_now(LINE_ANSWER_MS)};

    if (!pg_conn_ask_by(l->conn, &waiter, sql, params, count, ret, e))
        return false;
    hear(l);
    return true;
}

/* ---- the connection ---- */

static bool connect_now(struct line *l, struct err *e)
{
    int64_t until = from_now(LINE_CONNECT_MS);
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    l->conn = pg_conn_begin(l->opt.url, "herald");
    if (PQstatus(l->conn) == CONNECTION_BAD)
        return link_lost(l->conn, e);
    while (status != PGRES_POLLING_OK) {
        if (!poll_socket(l, l->conn, status == PGRES_POLLING_WRITING ? POLLOUT : POLLIN, until, e))
            return false;
        status = PQconnectPoll(l->conn);
        if (status == PGRES_POLLING_FAILED)
            return link_lost(l->conn, e);
    }
    return link_made(l->conn, e) && (PQsetnonblocking(l->conn, 1) == 0 || link_lost(l->conn, e));
}

/* A notification that is lost with the server is no loss: it waits for no disk. */
static bool prepare(struct line *l, struct err *e)
{
    const char *const params[] = {l->opt.schema};
    auto_result result = NULL;

    if (!ask(l,
             "SELECT pg_backend_pid() WHERE set_config('search_path', quote_ident($1), false)"
             " <> '' AND set_config('synchronous_commit', 'off', false) <> ''"
             " AND set_config('statement_timeout', '10000', false) <> ''",
             params, 1, &result, e))
        return false;
    if (PQntuples(result) != 1)
        return err_set(e, ERR_SYSTEM, "the database does not say which backend this is");
    l->pid = atoi(PQgetvalue(result, 0, 0));
    return true;
}

static bool listen_now(struct line *l, struct err *e)
{
    char *name = PQescapeIdentifier(l->conn, l->channel, strlen(l->channel));
    auto_mem char *sql = mem_printf("LISTEN %s", name != NULL ? name : "");
    auto_result result = NULL;

    PQfreemem(name);
    return ask(l, sql, NULL, 0, &result, e);
}

/* Two schemas whose long names begin alike would share a channel: news more than are needed. */
static void name_channel(struct line *l)
{
    auto_mem char *name = mem_printf("%s.news", l->opt.schema);
    size_t len = strlen(name), from = len > CHANNEL_BYTES_MAX ? len - CHANNEL_BYTES_MAX : 0;

    memcpy(l->channel, name + from, len - from + 1);
}

bool line_open(const struct line_options *options, struct line **ret, struct err *e)
{
    auto_obj(line) l = mem_new(struct line);

    l->opt = *options;
    l->opt.schema = link_schema(options->schema);
    l->last_ns = INT64_MAX;
    name_channel(l);
    if (!connect_now(l, e) || !prepare(l, e) || !listen_now(l, e))
        return false;
    *ret = take(l);
    return true;
}

void line_free(struct line *l)
{
    if (l == NULL)
        return;
    pg_conn_close(l->conn);
    free(l);
}

bool line_tell(struct line *l, const char *payload, struct err *e)
{
    const char *const params[] = {l->channel, payload};
    auto_result result = NULL;

    return ask(l, "SELECT pg_notify($1, $2)", params, 2, &result, e);
}

bool line_has_others(struct line *l, bool *ret, struct err *e)
{
    auto_result result = NULL;

    if (!ask(l,
             "SELECT count(*) > 1 FROM hosts WHERE NOT fenced"
             " AND heartbeat_at > now() - lease_ttl",
             NULL, 0, &result, e))
        return false;
    *ret = PQntuples(result) == 1 && *PQgetvalue(result, 0, 0) == 't';
    return true;
}

bool line_wait(struct line *l, int64_t until_ns, struct err *e)
{
    struct pollfd p[] = {{PQsocket(l->conn), POLLIN, 0},
                         {l->opt.wake_fd, POLLIN, 0},
                         {l->opt.end_fd, POLLIN, 0}};
    int64_t left_ns = until_ns - clock_mono_ns();
    eventfd_t seen;

    if (left_ns <= 0)
        return true;
    if (ppoll(p, ARRAY_LEN(p),
              &(struct timespec){left_ns / (1000 * MS_NS), left_ns % (1000 * MS_NS)}, NULL) < 0)
        return errno == EINTR || err_sys(e, "poll");
    if (p[1].revents != 0)
        (void)eventfd_read(l->opt.wake_fd, &seen);
    if (p[0].revents != 0 && PQconsumeInput(l->conn) == 0)
        return link_lost(l->conn, e);
    hear(l);
    return true;
}
