/* write.c -- see write.h. */
#include "store/postgres/write.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/postgres/breaker.h"
#include "store/postgres/conn.h"
#include "store/postgres/exchange.h"
#include "store/postgres/herald.h"
#include "store/postgres/migrations.h"
#include "store/postgres/pulse.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

enum { STATEMENT_MS = 30000, REST_MS = 1000, LOOK_MS = 50 };

struct pg_write {
    struct driver_write base; /* first: the store hands it back as this */
    char *url, *schema;
    struct exchange exchange; /* its connection NULL: there is none now */
    struct herald *herald;
    struct breaker *readers; /* theirs, who come again when this one has */
    struct pulse *pulse;
    struct host_row host;
    /* Of the first batches that are not settled, so many were sent under the next token, and no
     * answer came. */
    size_t unknown;
    unsigned failures; /* in a row */

    struct store_batch **batches; /* those of the group that are not settled */
    size_t count, cap;
};

static struct pg_write *write_of(struct driver_write *base)
{
    return (struct pg_write *)base;
}

/* ---- the connection ---- */

static void drop(struct pg_write *w)
{
    pg_conn_close(take(w->exchange.conn));
}

/* A schema that a newer host made is good for this one (docs/adr/0045). */
static bool schema_fits(PGconn *conn, struct err *e)
{
    auto_result found = NULL;
    auto_result newest = NULL;
    int version = 0;

    if (!pg_conn_ask(conn, "SELECT to_regclass('schema_versions')", NULL, 0, &found, e))
        return false;
    if (PQgetisnull(found, 0, 0) == 0) {
        if (!pg_conn_ask(conn, "SELECT max(version) FROM schema_versions", NULL, 0, &newest, e))
            return false;
        version = atoi(PQgetvalue(newest, 0, 0));
    }
    return version >= PG_SCHEMA_VERSION ||
           err_set(e, ERR_UNSUPPORTED,
                   version == 0 ? "there is no schema yet: orchd migrate up"
                                : "the schema is an older one: orchd migrate up");
}

/* first: the host's row is taken, once. One that was fenced is not taken again: it tells with the
 * first write. */
static bool connect_now(struct pg_write *w, const struct store_options *first, struct err *e)
{
    const struct pg_conn_options options = {.url = w->url,
                                            .schema = w->schema,
                                            .part = "writer",
                                            .statement_ms = STATEMENT_MS};
    auto_conn conn = NULL;

    if (!pg_conn_open(&options, &conn, e))
        return false;
    if (first == NULL ? !host_row_note_writer(conn, &w->host, e)
                      : !schema_fits(conn, e) || !host_row_take(conn, first, &w->host, e))
        return false;
    if (PQenterPipelineMode(conn) == 0)
        return pg_conn_fail(conn, NULL, e);
    w->exchange.conn = take(conn);
    if (exchange_prepare(&w->exchange, e))
        return true;
    drop(w);
    return err_wrap(e, "the schema (orchd migrate)");
}

/* Twice as long from time to time, and never as long as another host waits. Whoever comes to the
 * first one has tried twice. */
static void pause_before_next(struct pg_write *w)
{
    long ms = breaker_pause_ms(w->failures);

    atomic_store(&w->base.away, true);
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000 * 1000}, NULL);
    w->failures++;
}

static bool connected(struct pg_write *w, struct err *e)
{
    if (w->exchange.conn != NULL)
        return true;
    if (w->failures > 0)
        pause_before_next(w);
    else
        w->failures = 1;
    if (!connect_now(w, NULL, e))
        return false;
    breaker_tell(w->readers, true, clock_mono_ns());
    return true;
}

static bool start_pulse(struct pg_write *w, int64_t sent_us, struct err *e)
{
    const struct pulse_options options = {
        .url = w->url,
        .schema = w->schema,
        .host = &w->host,
        .herald = w->herald,
        .held_until_us = &w->base.held_until_us,
    };

    atomic_init(&w->base.held_until_us, host_row_held_until_us(&w->host, sent_us));
    return pulse_start(&options, &w->pulse, e);
}

bool pg_write_open(const struct store_options *options, struct herald *herald,
                   struct breaker *readers, struct driver_write **ret, struct err *e)
{
    struct pg_write *w = mem_new(struct pg_write);
    int64_t sent_us = clock_boot_us();

    w->base.driver = &postgres_driver;
    w->url = mem_str(options->url);
    w->schema = mem_str(options->schema);
    w->herald = herald;
    w->readers = readers;
    if (!connect_now(w, options, e) || !start_pulse(w, sent_us, e)) {
        pg_write_free(&w->base);
        return false;
    }
    *ret = &w->base;
    return true;
}

const char *pg_write_server(const struct driver_write *base)
{
    return PQparameterStatus(((const struct pg_write *)base)->exchange.conn, "server_version");
}

/* What it had is free. */
static void leave(struct pg_write *w)
{
    host_row_leave(w->exchange.conn, &w->host);
    herald_tell(w->herald, &(struct store_news){.kind = STORE_NEWS_FREE});
}

int64_t pg_write_epoch(const struct driver_write *base)
{
    return ((const struct pg_write *)base)->host.epoch;
}

void pg_write_free(struct driver_write *base)
{
    struct pg_write *w = write_of(base);

    if (w == NULL)
        return;
    pulse_free(w->pulse);
    if (w->exchange.conn != NULL && PQexitPipelineMode(w->exchange.conn) == 1)
        leave(w);
    drop(w);
    exchange_done(&w->exchange);
    host_row_done(&w->host);
    free(w->batches);
    free(w->url);
    free(w->schema);
    free(w);
}

void pg_write_give_up(struct driver_write *base)
{
    drop(write_of(base));
}

/* ---- groups ---- */

static void batches_add(struct pg_write *w, struct store_batch *b)
{
    if (w->count == w->cap) {
        w->cap = w->cap > 0 ? w->cap * 2 : 64;
        w->batches = mem_resize(w->batches, w->cap, sizeof *w->batches);
    }
    w->batches[w->count++] = b;
}

static void gather(struct pg_write *w, struct store_batch *group)
{
    w->count = 0;
    for (struct store_batch *b = group; b != NULL; b = b->next) {
        if (!b->settled)
            batches_add(w, b);
    }
}

static void settle(struct pg_write *w, size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++)
        w->batches[i]->settled = true;
    w->unknown = 0;
    herald_note(w->herald, w->batches + from, count);
}

static enum group_end end_of(struct pg_write *w, enum answer_kind kind, struct err *e)
{
    switch (kind) {
    case ANSWER_DONE:
    case ANSWER_REFUSED:
        return GROUP_COMMITTED;
    case ANSWER_LATER:
    case ANSWER_NONE:
        drop(w);
        return GROUP_BUSY;
    case ANSWER_FENCED:
        err_set(e, ERR_CONFLICT,
                "another host has opened the store: the fence of this one, epoch %lld of '%s', "
                "does not hold any more",
                (long long)w->host.epoch, w->host.host_id);
        return GROUP_FAILED;
    case ANSWER_BROKEN:
        break;
    }
    return GROUP_FAILED;
}

/* What became of the group whose answer was lost. It may still be under way: its token's row is
 * waited for, and one that has not come so far can no more. */
static enum group_end resolve(struct pg_write *w, struct err *e)
{
    int64_t token = 0;
    enum answer_kind kind = exchange_token(&w->exchange, &w->host, &token, e);

    if (kind == ANSWER_DONE && token == w->host.token + 1) {
        kind = exchange_find_events(&w->exchange, w->batches, w->unknown, e);
        if (kind == ANSWER_DONE) {
            w->host.token = token;
            settle(w, 0, w->unknown);
        }
    } else if (kind == ANSWER_DONE && token == w->host.token) {
        w->unknown = 0;
    } else if (kind == ANSWER_DONE) {
        err_set(e, ERR_CORRUPT, "the last group of the host is %lld and not %lld", (long long)token,
                (long long)w->host.token);
        kind = ANSWER_BROKEN;
    }
    return end_of(w, kind, e);
}

static enum group_end commit_once(struct pg_write *w, size_t from, size_t count, bool *ret_refused,
                                  bool *ret_synced, struct err *e)
{
    enum answer_kind kind =
        exchange_commit(&w->exchange, &w->host, w->host.token + 1, w->batches + from, count, e);

    *ret_refused = kind == ANSWER_REFUSED;
    if (kind == ANSWER_NONE)
        w->unknown = count;
    if (kind != ANSWER_DONE)
        return end_of(w, kind, e);
    w->host.token++;
    w->failures = 0;
    settle(w, from, count);
    *ret_synced = true;
    return GROUP_COMMITTED;
}

/* From the left, so that what is unknown is always the first that is not settled. Refused batches
 * are few: a group of n with one costs 2 log n transactions more. */
static enum group_end commit_range(struct pg_write *w, size_t from, size_t count, bool *ret_synced,
                                   struct err *e)
{
    bool refused = false;
    enum group_end end = commit_once(w, from, count, &refused, ret_synced, e);

    if (end != GROUP_COMMITTED || !refused)
        return end;
    if (count == 1) {
        batch_refuse(w->batches[from], e);
        settle(w, from, 1);
        return GROUP_COMMITTED;
    }
    end = commit_range(w, from, count / 2, ret_synced, e);
    if (end != GROUP_COMMITTED)
        return end;
    return commit_range(w, from + count / 2, count - count / 2, ret_synced, e);
}

enum group_end pg_write_commit(struct driver_write *base, struct store_batch *group,
                               atomic_uint_fast64_t *fail_in, bool *ret_synced, struct err *e)
{
    struct pg_write *w = write_of(base);

    if (!connected(w, e))
        return e->code == ERR_UNAVAILABLE || e->code == ERR_TIMEOUT ? GROUP_BUSY : GROUP_FAILED;
    gather(w, group);
    if (w->unknown > 0) {
        enum group_end end = resolve(w, e);

        if (end != GROUP_COMMITTED)
            return end;
        *ret_synced = true;
        gather(w, group);
    }
    if (driver_fault_is_due(fail_in, e))
        return GROUP_FAILED;
    return w->count > 0 ? commit_range(w, 0, w->count, ret_synced, e) : GROUP_COMMITTED;
}

/* ---- between the groups ---- */

/* A server that ends tells so before anybody has something to commit. */
static void look_at_connection(struct pg_write *w)
{
    if (PQconsumeInput(w->exchange.conn) == 0 || PQstatus(w->exchange.conn) != CONNECTION_OK)
        drop(w);
}

/* Away is no failure: the next commit finds it, or time does. One that has nothing to write hears
 * from its pulse what became of the database, and of itself. */
static bool rest_once(struct pg_write *w, struct err *e)
{
    if (pulse_fenced(w->pulse))
        return end_of(w, ANSWER_FENCED, e) != GROUP_FAILED;
    if (pulse_misses(w->pulse))
        drop(w);
    if (w->exchange.conn == NULL && connected(w, e)) {
        w->failures = 0;
        atomic_store(&w->base.away, false);
    }
    return true;
}

bool pg_write_rest(struct driver_write *base, int wake_fd, struct err *e)
{
    struct pg_write *w = write_of(base);
    struct pollfd p[] = {{.fd = wake_fd, .events = POLLIN}, {.fd = -1, .events = POLLIN}};

    do {
        bool has_one;

        if (!rest_once(w, e))
            return false;
        has_one = w->exchange.conn != NULL;
        p[1].fd = has_one ? PQsocket(w->exchange.conn) : -1;
        p[1].revents = 0;
        if (poll(p, ARRAY_LEN(p), has_one ? REST_MS : LOOK_MS) < 0 && errno != EINTR)
            return err_sys(e, "poll");
        if (has_one && p[1].revents != 0)
            look_at_connection(w);
    } while (w->exchange.conn == NULL && e->code == ERR_NONE && (p[0].revents & POLLIN) == 0);
    return true;
}
