/* pulse.c -- see pulse.h. Ages of rows are the database's: one is silent when it was so before the
 * renewal of ours that says it, so a server that halts in between fences nobody. */
#include "store/postgres/pulse.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/postgres/conn.h"
#include "store/postgres/steady.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BEATS = 10, ANSWER_BEATS = 2, GAP_BEATS = 3, CONNECT_S = 2, WAIT_MS_MIN = 20 };

#define SILENT(row, since)                                                                         \
    row ".host_id <> $1 AND NOT " row ".fenced"                                                    \
        " AND " row ".heartbeat_at < " since " - " row ".lease_ttl"

static const char renew_sql[] =
    "UPDATE hosts AS m SET heartbeat_at = clock_timestamp() WHERE host_id = $1"
    " AND epoch = $2::bigint AND NOT fenced RETURNING heartbeat_at,"
    " (extract(epoch FROM heartbeat_at) * 1000000)::bigint,"
    " EXISTS (SELECT FROM hosts AS h WHERE " SILENT("h", "m.heartbeat_at") ")";
/* A group of it that is under way holds its row FOR KEY SHARE: it is waited for. */
static const char fence_sql[] = "WITH s AS (SELECT h.host_id FROM hosts AS h WHERE " SILENT(
    "h", "$2::timestamptz") " FOR UPDATE SKIP LOCKED)"
                            " UPDATE hosts AS h SET fenced = true FROM s WHERE h.host_id = "
                            "s.host_id RETURNING h.host_id";
/* One that hangs in the middle of a group holds what others wait for. */
static const char end_sql[] =
    "SELECT pg_terminate_backend(a.pid) FROM hosts AS h JOIN pg_stat_activity AS a"
    " ON a.pid = h.writer_pid AND a.backend_start = h.writer_since"
    " WHERE " SILENT("h", "$2::timestamptz");

struct pulse {
    struct pulse_options opt;
    pthread_t thread;
    int end_fd;
    atomic_bool fenced, misses;
    PGconn *conn; /* from here on the thread's; NULL: there is none now */
    struct steady steady;
};

static int beat_ms(const struct pulse *p)
{
    return p->opt.host->lease_ttl_ms / BEATS;
}

static void drop(struct pulse *p)
{
    pg_conn_close(take(p->conn));
}

/* A sign of life has nothing to be kept: it waits for no disk and no standby. What is fenced is
 * durable before any claim of it is, which comes behind it in the log. */
static bool connected(struct pulse *p, struct err *e)
{
    const struct pg_conn_options options = {
        .url = p->opt.url,
        .schema = p->opt.schema,
        .part = "pulse",
        .statement_ms = ANSWER_BEATS * beat_ms(p),
        .connect_s = CONNECT_S,
        .waits_for_nothing = true,
    };

    return p->conn != NULL || pg_conn_open(&options, &p->conn, e);
}

static bool ask(struct pulse *p, const char *sql, const char *second, PGresult **ret, struct err *e)
{
    const char *const params[] = {p->opt.host->host_id, second};
    int64_t until = clock_mono_ns() + ANSWER_BEATS * beat_ms(p) * INT64_C(1000000);

    return pg_conn_ask_until(p->conn, sql, params, (int)ARRAY_LEN(params), until, ret, e);
}

/* What they have is free: who listens here hears it as the others do. */
static bool fence_silent(struct pulse *p, const char *renewed_at, struct err *e)
{
    const struct store_news news = {.kind = STORE_NEWS_FREE};
    auto_result fenced = NULL;
    auto_result ended = NULL;

    if (!ask(p, fence_sql, renewed_at, &fenced, e))
        return false;
    if (PQntuples(fenced) > 0) {
        herald_tell(p->opt.herald, &news);
        herald_hear(p->opt.herald, &news);
    }
    return ask(p, end_sql, renewed_at, &ended, e);
}

static bool beat(struct pulse *p, struct err *e)
{
    int64_t sent_us = clock_boot_us(), ttl_us = p->opt.host->lease_ttl_ms * INT64_C(1000);
    auto_result renewed = NULL;

    if (!ask(p, renew_sql, p->opt.host->epoch_text, &renewed, e))
        return false;
    if (PQntuples(renewed) == 0) {
        atomic_store(&p->fenced, true);
        return true;
    }
    atomic_store(p->opt.held_until_us, host_row_held_until_us(p->opt.host, sent_us));
    steady_note(&p->steady, sent_us, strtoll(PQgetvalue(renewed, 0, 1), NULL, 10));
    if (!steady_for(&p->steady, ttl_us) || strcmp(PQgetvalue(renewed, 0, 2), "t") != 0)
        return true;
    return fence_silent(p, PQgetvalue(renewed, 0, 0), e);
}

/* False: it is over. */
static bool wait_for(struct pulse *p, int ms)
{
    struct pollfd end = {p->end_fd, POLLIN, 0};

    return poll(&end, 1, ms > WAIT_MS_MIN ? ms : WAIT_MS_MIN) <= 0;
}

static void *pulse_main(void *arg)
{
    struct pulse *p = arg;
    int ms = beat_ms(p);

    while (wait_for(p, ms) && !atomic_load(&p->fenced)) {
        int64_t began_us = clock_boot_us();
        struct err e = {0};

        bool beats = connected(p, &e) && beat(p, &e);

        atomic_store(&p->misses, !beats);
        if (!beats)
            drop(p);
        ms = beat_ms(p) - (int)((clock_boot_us() - began_us) / 1000);
    }
    drop(p);
    return NULL;
}

bool pulse_start(const struct pulse_options *options, struct pulse **ret, struct err *e)
{
    auto_fd end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct pulse *p;
    int rc;

    if (end_fd < 0)
        return err_sys(e, "eventfd");
    p = mem_new(struct pulse);
    p->opt = *options;
    p->end_fd = end_fd;
    p->steady.gap_us = GAP_BEATS * beat_ms(p) * INT64_C(1000);
    rc = thread_start(&p->thread, pulse_main, p);
    if (rc != 0) {
        free(p);
        errno = rc;
        return err_sys(e, "start the pulse's thread");
    }
    (void)take_fd(&end_fd);
    *ret = p;
    return true;
}

void pulse_free(struct pulse *p)
{
    if (p == NULL)
        return;
    eventfd_write(p->end_fd, 1);
    pthread_join(p->thread, NULL);
    close(p->end_fd);
    free(p);
}

bool pulse_fenced(const struct pulse *p)
{
    return atomic_load(&p->fenced);
}

bool pulse_misses(const struct pulse *p)
{
    return atomic_load(&p->misses);
}
