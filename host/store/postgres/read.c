/* read.c -- see read.h. Row by row, so that a long answer is never held twice, and one that is full
 * is given up. */
#include "store/postgres/read.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/postgres/cell.h"
#include "store/postgres/conn.h"
#include "store/postgres/kind.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_NS (15LL * 1000 * 1000 * 1000)
enum { STATEMENT_MS = 10000, PARAMS_MAX = 12, COLUMNS_MAX = 48, NAME_BYTES = 16 };

struct pg_reader {
    struct store_reader base; /* first: the store hands it back as this */
    char *url, *schema;
    struct breaker *breaker;
    PGconn *conn;               /* NULL: it was lost, and is made with the next question */
    bool prepared[QUERY_COUNT]; /* on this connection */
};

static struct pg_reader *reader_of(struct store_reader *base)
{
    return (struct pg_reader *)base;
}

static void drop(struct pg_reader *r)
{
    pg_conn_close(take(r->conn));
    memset(r->prepared, 0, sizeof r->prepared);
}

static bool connected(struct pg_reader *r, struct err *e)
{
    const struct pg_conn_options options = {.url = r->url,
                                            .schema = r->schema,
                                            .part = "reader",
                                            .read_only = true,
                                            .statement_ms = STATEMENT_MS};
    bool opened;

    if (r->conn != NULL && PQstatus(r->conn) == CONNECTION_OK)
        return true;
    drop(r);
    if (!breaker_try(r->breaker, clock_mono_ns()))
        return err_set(e, ERR_UNAVAILABLE, READ_AWAY_TEXT);
    opened = pg_conn_open(&options, &r->conn, e);
    breaker_tell(r->breaker, opened, clock_mono_ns());
    return opened;
}

bool pg_reader_open(const char *url, const char *schema, struct breaker *breaker,
                    struct store_reader **ret, struct err *e)
{
    struct pg_reader *r = mem_new(struct pg_reader);

    r->base.driver = &postgres_driver;
    r->url = mem_str(url);
    r->schema = mem_str(schema);
    r->breaker = breaker;
    if (!connected(r, e)) {
        pg_reader_free(&r->base);
        return false;
    }
    *ret = &r->base;
    return true;
}

void pg_reader_free(struct store_reader *base)
{
    struct pg_reader *r = reader_of(base);

    drop(r);
    free(r->url);
    free(r->schema);
    free(r);
}

/* ---- the question ---- */

struct values {
    const char *at[PARAMS_MAX];
    int len[PARAMS_MAX];
    int binary[PARAMS_MAX];
    Oid types[PARAMS_MAX];
    uint64_t numbers[PARAMS_MAX];
};

static void value_set(struct values *v, int i, const struct param *p)
{
    v->binary[i] = 1;
    v->at[i] = p->text;
    v->len[i] = p->text != NULL ? (int)strlen(p->text) : 0;
    v->types[i] = PG_TEXT;
    if (p->text != NULL || p->null)
        return;
    v->types[i] = p->time ? PG_TIMESTAMPTZ : PG_INT8;
    v->numbers[i] = htobe64((uint64_t)(p->time ? kind_time_to_pg(p->number) : p->number));
    v->at[i] = (const char *)&v->numbers[i];
    v->len[i] = (int)sizeof v->numbers[i];
}

/* The next result; NULL: the question is over, or *ret_lost. */
static PGresult *next(struct pg_reader *r, int64_t until, bool *ret_lost, struct err *e)
{
    *ret_lost = !pg_conn_wait(r->conn, until, e);
    return *ret_lost ? NULL : PQgetResult(r->conn);
}

/* Reads what is left of a question. */
static bool finish(struct pg_reader *r, int64_t until, struct err *e)
{
    bool lost, ok = true;

    for (;;) {
        auto_result result = next(r, until, &lost, e);

        if (result == NULL)
            break;
        if (PQresultStatus(result) == PGRES_FATAL_ERROR && ok)
            ok = pg_conn_fail(r->conn, result, e);
    }
    if (lost)
        drop(r);
    return ok && !lost;
}

static bool prepare(struct pg_reader *r, const struct question *q, const char *name,
                    const struct values *v, int64_t until, struct err *e)
{
    auto_done(buf) sql = {0};

    if (r->prepared[q->query])
        return true;
    kind_expand(&sql, pg_queries[q->query], query_rows[q->query]);
    if (PQsendPrepare(r->conn, name, buf_text(&sql), (int)q->param_count, v->types) == 0)
        return pg_conn_fail(r->conn, NULL, e);
    r->prepared[q->query] = finish(r, until, e);
    return r->prepared[q->query];
}

static bool send(struct pg_reader *r, const struct question *q, int64_t until, struct err *e)
{
    struct values v;
    char name[NAME_BYTES];

    assert(q->param_count <= PARAMS_MAX);
    for (int i = 0; i < (int)q->param_count; i++)
        value_set(&v, i, &q->params[i]);
    snprintf(name, sizeof name, "q%d", (int)q->query);
    if (!prepare(r, q, name, &v, until, e))
        return false;
    if (PQsendQueryPrepared(r->conn, name, (int)q->param_count, v.at, v.len, v.binary, 1) == 0 ||
        PQsetSingleRowMode(r->conn) == 0)
        return pg_conn_fail(r->conn, NULL, e);
    return true;
}

static bool ask(struct pg_reader *r, const struct question *q, int64_t until, struct err *e)
{
    return connected(r, e) && send(r, q, until, e);
}

/* Asked once more on another connection: one that was lost while nobody asked tells so with the
 * next question, and a server that ends takes those under way with it. */
static bool may_ask_again(struct pg_reader *r, bool had_one, const struct err *e)
{
    if (!had_one || e->code != ERR_UNAVAILABLE)
        return false;
    drop(r);
    return true;
}

/* The server's words are nobody's outside, and none of them lasts. */
static bool failed(const struct err *why, struct err *e)
{
    if (why->code == ERR_UNAVAILABLE)
        return err_set(e, ERR_UNAVAILABLE, READ_AWAY_TEXT);
    if (why->code == ERR_TIMEOUT)
        return err_set(e, ERR_UNAVAILABLE, READ_SILENT_TEXT);
    return err_set(e, why->code, "read: %s", why->msg);
}

/* ---- the answer ---- */

static bool read_row_at(const PGresult *result, int row, const struct row_type *type,
                        struct arena *mem, void *place, struct err *e)
{
    struct cell cells[COLUMNS_MAX];

    assert(type->count <= COLUMNS_MAX && PQnfields(result) == (int)type->count);
    for (int i = 0; i < (int)type->count; i++)
        cells[i] = cell_at(result, row, i);
    return cell_read_row(cells, type, mem, place, e);
}

/* What is left is not wanted. Behind a list that has all its rows that is the row that tells of
 * more; behind one that has all its bytes it may be much, and the server is told. */
static void give_up(struct pg_reader *r, bool is_much, int64_t until)
{
    PGcancel *cancel = is_much ? PQgetCancel(r->conn) : NULL;
    char why[256];
    bool told = !is_much || (cancel != NULL && PQcancel(cancel, why, sizeof why) == 1);

    PQfreeCancel(cancel);
    if (told)
        (void)finish(r, until, NULL); /* what was given up ends with an error */
    else
        drop(r);
}

enum took { TOOK_ROWS, TOOK_FULL, TOOK_END, TOOK_FAILED };

static enum took take_rows(const PGresult *result, const struct row_type *type,
                           struct answer *answer, struct err *e)
{
    for (int i = 0; i < PQntuples(result); i++) {
        void *row = answer_row(answer);

        if (row == NULL)
            return TOOK_FULL;
        if (!read_row_at(result, i, type, answer->list->mem, row, e))
            return TOOK_FAILED;
    }
    return TOOK_ROWS;
}

static enum took take_next(struct pg_reader *r, const struct row_type *type, struct answer *answer,
                           int64_t until, struct err *e)
{
    bool lost;
    auto_result result = next(r, until, &lost, e);

    if (lost)
        drop(r);
    if (result == NULL)
        return lost ? TOOK_FAILED : TOOK_END;
    if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
        pg_conn_fail(r->conn, result, e);
        return TOOK_FAILED;
    }
    return take_rows(result, type, answer, e);
}

static bool rows_once(struct pg_reader *r, const struct question *q, struct answer *answer,
                      struct err *e)
{
    int64_t until = clock_mono_ns() + ANSWER_NS;
    enum took took = TOOK_ROWS;

    if (!ask(r, q, until, e))
        return false;
    while (took == TOOK_ROWS)
        took = take_next(r, query_rows[q->query], answer, until, e);
    if (took == TOOK_FULL || (took == TOOK_FAILED && r->conn != NULL))
        give_up(r, took == TOOK_FAILED || answer->list->count < q->rows_max, until);
    return took != TOOK_FAILED;
}

bool pg_reader_rows(struct store_reader *base, const struct question *q, struct answer *answer,
                    struct err *e)
{
    struct pg_reader *r = reader_of(base);
    bool had_one = r->conn != NULL;
    struct err why = {0};

    if (rows_once(r, q, answer, &why))
        return true;
    if (may_ask_again(r, had_one, &why)) {
        answer_restart(answer);
        if (rows_once(r, q, answer, &why))
            return true;
    }
    return failed(&why, e);
}

static bool number_once(struct pg_reader *r, const struct question *q, int64_t *ret_int,
                        double *ret_real, struct err *e)
{
    int64_t until = clock_mono_ns() + ANSWER_NS;
    bool lost, found = false, ok = true;

    if (!ask(r, q, until, e))
        return false;
    for (;;) {
        auto_result result = next(r, until, &lost, e);
        struct cell cell;

        if (result == NULL)
            break;
        if (PQresultStatus(result) == PGRES_FATAL_ERROR)
            ok = pg_conn_fail(r->conn, result, e);
        if (!ok || PQntuples(result) == 0)
            continue;
        cell = cell_at(result, 0, 0);
        found = ok = cell_read_number(&cell, ret_int, ret_real, e);
    }
    if (lost)
        drop(r);
    if (ok && !lost && !found)
        return err_set(e, ERR_CORRUPT, "the database gave no number");
    return ok && !lost;
}

bool pg_reader_number(struct store_reader *base, const struct question *q, int64_t *ret_int,
                      double *ret_real, struct err *e)
{
    struct pg_reader *r = reader_of(base);
    bool had_one = r->conn != NULL;
    struct err why = {0};

    if (number_once(r, q, ret_int, ret_real, &why))
        return true;
    if (may_ask_again(r, had_one, &why) && number_once(r, q, ret_int, ret_real, &why))
        return true;
    return failed(&why, e);
}
