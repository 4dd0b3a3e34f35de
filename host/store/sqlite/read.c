/* read.c -- see read.h. */
#include "store/sqlite/read.h"

#include "base/mem.h"

#include <assert.h>

bool sqlite_reader_open(const char *path, struct store_reader **ret, struct err *e)
{
    struct sqlite_reader *r = mem_new(struct sqlite_reader);

    r->base.driver = &sqlite_driver;
    if (!sqlite_db_open_reader(path, &r->db, e)) {
        free(r);
        return false;
    }
    *ret = &r->base;
    return true;
}

void sqlite_reader_free(struct store_reader *base)
{
    struct sqlite_reader *r = sqlite_reader_of(base);

    for (int i = 0; i < QUERY_COUNT; i++)
        sqlite3_finalize(r->stmts[i]);
    sqlite_db_close(r->db);
    free(r);
}

static sqlite3_stmt *ask(struct sqlite_reader *r, const struct question *q, struct err *e)
{
    const struct statement s = {queries[q->query], query_rows[q->query]};
    sqlite3_stmt **stmt = &r->stmts[q->query];

    if (*stmt == NULL && !sqlite_db_prepare(r->db, &s, stmt, e))
        return NULL;
    assert(sqlite3_bind_parameter_count(*stmt) == (int)q->param_count);
    for (int i = 0; i < (int)q->param_count; i++) {
        const struct param *p = &q->params[i];

        if (p->null)
            sqlite3_bind_null(*stmt, i + 1);
        else if (p->text != NULL)
            sqlite3_bind_text(*stmt, i + 1, p->text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(*stmt, i + 1, p->number);
    }
    return *stmt;
}

static int fill(sqlite3_stmt *stmt, const struct row_type *type, struct answer *answer)
{
    int rc;

    while ((rc = sqlite_db_step(stmt)) == SQLITE_ROW) {
        void *row = answer_row(answer);

        if (row == NULL)
            return SQLITE_DONE;
        sqlite_db_read_row(stmt, type, answer->list->mem, row);
    }
    return rc;
}

bool sqlite_reader_rows(struct store_reader *base, const struct question *q, struct answer *answer,
                        struct err *e)
{
    struct sqlite_reader *r = sqlite_reader_of(base);
    sqlite3_stmt *stmt = ask(r, q, e);
    int rc;

    if (stmt == NULL)
        return false;
    rc = fill(stmt, query_rows[q->query], answer);
    if (rc != SQLITE_DONE)
        sqlite_db_fail(r->db, "read", e);
    sqlite3_reset(stmt); /* ends the read: a reader never holds the WAL between questions */
    return rc == SQLITE_DONE;
}

bool sqlite_reader_number(struct store_reader *base, const struct question *q, int64_t *ret_int,
                          double *ret_real, struct err *e)
{
    struct sqlite_reader *r = sqlite_reader_of(base);
    sqlite3_stmt *stmt = ask(r, q, e);
    bool ok = stmt != NULL && sqlite_db_step(stmt) == SQLITE_ROW;

    if (stmt == NULL)
        return false;
    if (ok) {
        *ret_int = sqlite3_column_int64(stmt, 0);
        *ret_real = sqlite3_column_double(stmt, 0);
    } else {
        sqlite_db_fail(r->db, "read", e);
    }
    sqlite3_reset(stmt);
    return ok;
}
