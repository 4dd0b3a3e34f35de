/* exchange.c -- see exchange.h. */
#include "store/postgres/exchange.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/postgres/cell.h"
#include "store/postgres/conn.h"
#include "store/postgres/kind.h"
#include "store/postgres/writes.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_NS (45LL * 1000 * 1000 * 1000) /* above what the server gives a statement */
enum { NAME_BYTES = 24, ROWS_AT_FIRST = 64 };

static const char begin_name[] = "begin", token_name[] = "token", find_name[] = "find";
static const char token_sql[] = "SELECT token FROM commit_tokens WHERE host_id = $1::text"
                                " AND epoch = $2::bigint FOR UPDATE";
static const char find_sql[] =
    "SELECT e.seq FROM {in} LEFT JOIN run_events AS e ON e.tenant_id = a.tenant_id"
    " AND e.run_id = a.run_id AND e.n = a.n ORDER BY a.ord";

void exchange_done(struct exchange *p)
{
    for (int i = 0; i < OP_COUNT; i++)
        free(p->of[i].rows);
    arrays_done(&p->arrays);
    wave_done(&p->wave);
}

static void rows_add(struct rows *r, const void *row)
{
    if (r->count == r->cap) {
        r->cap = r->cap > 0 ? r->cap * 2 : ROWS_AT_FIRST;
        r->rows = mem_resize(r->rows, r->cap, sizeof *r->rows);
    }
    r->rows[r->count++] = row;
}

static void forget(struct exchange *p)
{
    for (int i = 0; i < OP_COUNT; i++)
        p->of[i].count = 0;
    wave_next(&p->wave);
    p->statements = 0;
    p->unsure = false;
}

/* ---- what is sent ---- */

static bool sent(struct exchange *p, int ok, struct err *e)
{
    if (ok == 0)
        return pg_conn_fail(p->conn, NULL, e);
    p->statements++;
    return true;
}

static bool send_texts(struct exchange *p, const char *name, const char *const params[], int count,
                       struct err *e)
{
    return sent(p, PQsendQueryPrepared(p->conn, name, count, params, NULL, NULL, 1), e);
}

static bool send_arrays(struct exchange *p, const char *name, const struct row_type *type,
                        const struct rows *rows, struct err *e)
{
    const char *values[ARRAY_COLUMNS_MAX];
    int binary[ARRAY_COLUMNS_MAX];

    arrays_fill(&p->arrays, type, rows->rows, rows->count);
    for (int i = 0; i < p->arrays.count; i++) {
        values[i] = p->arrays.bytes.data + p->arrays.at[i];
        binary[i] = 1;
    }
    return sent(p,
                PQsendQueryPrepared(p->conn, name, p->arrays.count, values, p->arrays.len, binary,
                                    1),
                e);
}

static bool send_kind(struct exchange *p, enum store_op kind, struct err *e)
{
    char name[NAME_BYTES];

    if (p->of[kind].count == 0)
        return true;
    snprintf(name, sizeof name, "op%d", (int)kind);
    if (!send_arrays(p, name, op_rows[kind], &p->of[kind], e))
        return false;
    p->of[kind].count = 0;
    return true;
}

/* Events wait: nothing in a group asks for them, and their heads are to be locked last. */
static bool send_wave(struct exchange *p, struct err *e)
{
    for (int kind = 0; kind < OP_COUNT; kind++) {
        if (kind != OP_EVENT_APPEND && !send_kind(p, (enum store_op)kind, e))
            return false;
    }
    wave_next(&p->wave);
    return true;
}

static bool send_batch(struct exchange *p, const struct store_batch *b, struct err *e)
{
    for (const struct op *op = b->first; op != NULL; op = op->next) {
        if (!wave_take(&p->wave, op)) {
            if (!send_wave(p, e))
                return false;
            if (!wave_take(&p->wave, op))
                assert(!"an empty wave takes anything");
        }
        rows_add(&p->of[op->kind], op->row);
    }
    return true;
}

/* ---- what comes back ---- */

static enum answer_kind kind_of(const char *state)
{
    if (strcmp(state, STATE_FENCED) == 0)
        return ANSWER_FENCED;
    if (pg_conn_refused(state))
        return ANSWER_REFUSED;
    return pg_conn_later(state) ? ANSWER_LATER : ANSWER_BROKEN;
}

/* A server that ends says so in place of an answer: then it did not commit, or could not tell. */
static enum answer_kind failed(struct exchange *p, const PGresult *result, struct err *e)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    pg_conn_fail(p->conn, result, e);
    if (state == NULL || strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0)
        return ANSWER_NONE;
    return kind_of(state);
}

/* A commit whose wait for a standby was cancelled is told as done, with a warning. It is there, but
 * a standby that takes over may be without it: so whoever asks for its token next waits for the
 * standby as well, since that locks a row and is a commit of its own. */
static void heed(void *arg, const PGresult *notice)
{
    struct exchange *p = arg;
    const char *state = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (state != NULL && severity != NULL && strcmp(state, "01000") == 0 &&
        strcmp(severity, "WARNING") == 0)
        p->unsure = true;
}

/* Reads everything up to the Sync; the last statement's result is the caller's to clear. */
static enum answer_kind receive(struct exchange *p, PGresult **ret_last, struct err *e)
{
    int64_t until = clock_mono_ns() + ANSWER_NS;
    enum answer_kind kind = ANSWER_DONE;

    for (bool between = false;;) {
        auto_result result = NULL;
        ExecStatusType status;

        if (!pg_conn_wait(p->conn, until, e))
            return ANSWER_NONE;
        result = PQgetResult(p->conn);
        if (result == NULL && between) {
            pg_conn_fail(p->conn, NULL, e);
            return ANSWER_NONE;
        }
        between = result == NULL;
        if (between)
            continue;
        status = PQresultStatus(result);
        if (status == PGRES_PIPELINE_SYNC && p->unsure) {
            err_set(e, ERR_UNAVAILABLE, "the server did not wait for its standby");
            return ANSWER_NONE;
        }
        if (status == PGRES_PIPELINE_SYNC)
            return kind;
        if (status == PGRES_FATAL_ERROR && kind == ANSWER_DONE)
            kind = failed(p, result, e);
        if (kind == ANSWER_NONE)
            return kind;
        if (ret_last != NULL) {
            PQclear(*ret_last);
            *ret_last = take(result);
        }
    }
}

static enum answer_kind end(struct exchange *p, PGresult **ret_last, struct err *e)
{
    if (PQpipelineSync(p->conn) == 0) {
        pg_conn_fail(p->conn, NULL, e);
        return ANSWER_NONE;
    }
    return receive(p, ret_last, e);
}

static bool number_at(const PGresult *result, int row, int64_t *ret, struct err *e)
{
    struct cell cell;
    double real;

    if (row >= PQntuples(result))
        return err_set(e, ERR_CORRUPT, "the database gave no number");
    cell = cell_at(result, row, 0);
    return cell_read_number(&cell, ret, &real, e);
}

/* ---- groups ---- */

bool exchange_prepare(struct exchange *p, struct err *e)
{
    static const struct {
        const char *name, *sql;
    } others[] = {{begin_name, pg_write_begin}, {token_name, token_sql}};
    auto_done(buf) sql = {0};
    char name[NAME_BYTES];

    forget(p);
    PQsetNoticeReceiver(p->conn, heed, p);
    for (int i = 0; i < OP_COUNT; i++) {
        buf_clear(&sql);
        kind_expand(&sql, pg_writes[i], op_rows[i]);
        snprintf(name, sizeof name, "op%d", i);
        if (!sent(p, PQsendPrepare(p->conn, name, buf_text(&sql), 0, NULL), e))
            return false;
    }
    buf_clear(&sql);
    kind_expand(&sql, find_sql, op_rows[OP_EVENT_APPEND]);
    if (!sent(p, PQsendPrepare(p->conn, find_name, buf_text(&sql), 0, NULL), e))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (!sent(p, PQsendPrepare(p->conn, others[i].name, others[i].sql, 0, NULL), e))
            return false;
    }
    return end(p, NULL, e) == ANSWER_DONE;
}

static bool send_group(struct exchange *p, const struct host_row *host, int64_t token,
                       struct store_batch *const batches[], size_t count, struct err *e)
{
    char text[NAME_BYTES];
    const char *const params[] = {host->host_id, host->epoch_text, text};

    snprintf(text, sizeof text, "%lld", (long long)token);
    forget(p);
    if (!send_texts(p, begin_name, params, 3, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!send_batch(p, batches[i], e))
            return false;
    }
    return send_wave(p, e) && send_kind(p, OP_EVENT_APPEND, e);
}

/* The rows are in the order of the calls. */
static bool note_seqs(const PGresult *result, struct store_batch *const batches[], size_t count,
                      struct err *e)
{
    int row = 0;

    for (size_t i = 0; i < count; i++) {
        int events = (int)batches[i]->events;

        batches[i]->first_event = batches[i]->last_event = 0;
        if (events == 0)
            continue;
        if (!number_at(result, row, &batches[i]->first_event, e) ||
            !number_at(result, row + events - 1, &batches[i]->last_event, e))
            return false;
        row += events;
    }
    return true;
}

enum answer_kind exchange_commit(struct exchange *p, const struct host_row *host, int64_t token,
                                 struct store_batch *const batches[], size_t count, struct err *e)
{
    auto_result last = NULL;
    enum answer_kind kind;

    if (!send_group(p, host, token, batches, count, e))
        return ANSWER_NONE;
    kind = end(p, &last, e);
    if (kind == ANSWER_DONE && !note_seqs(last, batches, count, e))
        return ANSWER_NONE; /* it did happen: it is asked for once more */
    return kind;
}

enum answer_kind exchange_token(struct exchange *p, const struct host_row *host, int64_t *ret,
                                struct err *e)
{
    const char *const params[] = {host->host_id, host->epoch_text};
    auto_result last = NULL;
    enum answer_kind kind;

    forget(p);
    if (!send_texts(p, token_name, params, 2, e))
        return ANSWER_NONE;
    kind = end(p, &last, e);
    if (kind != ANSWER_DONE)
        return kind;
    if (PQntuples(last) == 0)
        return ANSWER_FENCED;
    return number_at(last, 0, ret, e) ? ANSWER_DONE : ANSWER_BROKEN;
}

enum answer_kind exchange_find_events(struct exchange *p, struct store_batch *const batches[],
                                      size_t count, struct err *e)
{
    struct rows *events = &p->of[OP_EVENT_APPEND];
    auto_result last = NULL;
    enum answer_kind kind;

    forget(p);
    for (size_t i = 0; i < count; i++) {
        for (const struct op *op = batches[i]->first; op != NULL; op = op->next) {
            if (op->kind == OP_EVENT_APPEND)
                rows_add(events, op->row);
        }
    }
    if (events->count > 0 && !send_arrays(p, find_name, op_rows[OP_EVENT_APPEND], events, e))
        return ANSWER_NONE;
    kind = end(p, &last, e);
    if (kind == ANSWER_DONE && !note_seqs(last, batches, count, e))
        return ANSWER_BROKEN;
    return kind;
}
