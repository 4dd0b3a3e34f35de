/* read.c -- see read.h. */
#include "store/sqlite/read.h"

#include "base/mem.h"
#include "store/store.h"
#include "store/store_path.h"

#include <assert.h>
#include <string.h>

enum { PAGE_ROWS = 50, ROWS_AT_FIRST = 8 };

bool store_reader_open(struct store *store, struct store_reader **ret, struct err *e)
{
    auto_obj(store_reader) r = mem_new(struct store_reader);

    if (!sqlite_db_open_reader(store_path(store), &r->db, e))
        return err_wrap(e, "open reader");
    for (int i = 0; i < QUERY_COUNT; i++) {
        if (!sqlite_db_prepare(r->db, &queries[i], &r->stmts[i], e))
            return err_wrap(e, "open reader");
    }
    *ret = take(r);
    return true;
}

void store_reader_free(struct store_reader *r)
{
    if (r == NULL)
        return;
    for (int i = 0; i < QUERY_COUNT; i++)
        sqlite3_finalize(r->stmts[i]);
    sqlite_db_close(r->db);
    free(r);
}

sqlite3_stmt *read_ask(struct store_reader *r, const struct question *q)
{
    sqlite3_stmt *stmt = r->stmts[q->query];

    assert(sqlite3_bind_parameter_count(stmt) == (int)q->param_count);
    for (int i = 0; i < (int)q->param_count; i++) {
        const struct param *p = &q->params[i];

        if (p->null)
            sqlite3_bind_null(stmt, i + 1);
        else if (p->text != NULL)
            sqlite3_bind_text(stmt, i + 1, p->text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(stmt, i + 1, p->number);
    }
    return stmt;
}

/* A row's place in the list; rows move as the list grows, their texts do not. */
static void *row_add(struct store_list *list, size_t row_bytes, size_t *cap)
{
    if (list->count == *cap) {
        size_t wider = *cap > 0 ? *cap * 2 : ROWS_AT_FIRST;
        void *rows = arena_alloc(list->mem, wider * row_bytes);

        if (list->count > 0)
            memcpy(rows, list->rows, list->count * row_bytes);
        list->rows = rows;
        *cap = wider;
    }
    return (char *)list->rows + row_bytes * list->count++;
}

static bool is_full(const struct store_list *list, const struct question *q)
{
    size_t bytes_max = q->bytes_max != 0 ? q->bytes_max : STORE_PAGE_BYTES_MAX;

    return list->count == q->rows_max || (list->count > 0 && arena_bytes(list->mem) > bytes_max);
}

static int fill(sqlite3_stmt *stmt, const struct question *q, struct store_list *list, bool *more)
{
    const struct row_type *type = queries[q->query].row;
    size_t cap = 0;
    int rc;

    while ((rc = sqlite_db_step(stmt)) == SQLITE_ROW) {
        *more = is_full(list, q);
        if (*more)
            return SQLITE_DONE;
        sqlite_db_read_row(stmt, type, list->mem, row_add(list, type->bytes, &cap));
    }
    return rc;
}

bool read_rows(struct store_reader *r, const struct question *q, struct store_list *ret,
               bool *ret_more, struct err *e)
{
    size_t row_bytes = queries[q->query].row->bytes;
    sqlite3_stmt *stmt = read_ask(r, q);
    struct store_list list = {.mem = arena_new()};
    bool more = false;
    int rc;

    assert(ret->mem == NULL && q->rows_max > 0);
    rc = fill(stmt, q, &list, &more);
    if (rc != SQLITE_DONE)
        sqlite_db_fail(r->db, "read", e);
    sqlite3_reset(stmt); /* ends the read: a reader never holds the WAL between questions */
    if (rc != SQLITE_DONE) {
        arena_free(list.mem);
        return false;
    }
    if (more && q->key != NULL) {
        const struct page_key key = q->key((char *)list.rows + row_bytes * (list.count - 1));

        list.next_page = page_token(list.mem, &key);
    }
    *ret = list;
    if (ret_more != NULL)
        *ret_more = more;
    return true;
}

bool read_row(struct store_reader *r, const struct question *q, const char *what, const char *name,
              struct store_list *ret, struct err *e)
{
    struct store_list list = {0};

    if (!read_rows(r, q, &list, NULL, e))
        return err_wrap(e, "%s '%s'", what, name);
    if (list.count == 0) {
        arena_free(list.mem);
        return err_set(e, ERR_NOT_FOUND, "no %s '%s'", what, name);
    }
    *ret = list;
    return true;
}

static bool read_cell(struct store_reader *r, const struct question *q, int64_t *ret_int,
                      double *ret_real, struct err *e)
{
    sqlite3_stmt *stmt = read_ask(r, q);
    bool ok = sqlite_db_step(stmt) == SQLITE_ROW;

    if (ok) {
        *ret_int = sqlite3_column_int64(stmt, 0);
        *ret_real = sqlite3_column_double(stmt, 0);
    } else {
        sqlite_db_fail(r->db, "read", e);
    }
    sqlite3_reset(stmt);
    return ok;
}

bool read_real(struct store_reader *r, const struct question *q, double *ret, struct err *e)
{
    int64_t number;

    return read_cell(r, q, &number, ret, e);
}

bool read_int(struct store_reader *r, const struct question *q, int64_t *ret, struct err *e)
{
    double real;

    return read_cell(r, q, ret, &real, e);
}

uint32_t page_rows(uint32_t size)
{
    if (size == 0)
        return PAGE_ROWS;
    return size < STORE_PAGE_ROWS_MAX ? size : STORE_PAGE_ROWS_MAX;
}

void page_start_done(struct page_start *s)
{
    arena_free(s->mem);
}

bool page_begin(struct store_page page, struct page_key first, struct page_start *ret,
                struct err *e)
{
    *ret = (struct page_start){.rows = page_rows(page.size), .key = first};
    if (page.token == NULL)
        return true;
    ret->mem = arena_new();
    return page_parse(page.token, ret->mem, &ret->key, e);
}
