/* question.c -- see question.h. */
#include "store/question.h"

#include "base/mem.h"
#include "store/driver.h"
#include "store/store.h"

#include <assert.h>
#include <string.h>

enum { PAGE_ROWS = 50, ROWS_AT_FIRST = 8 };

#define NUMBER NULL
const struct row_type *const query_rows[QUERY_COUNT] = {
#define XX(name, row) [Q_##name] = row,
    QUERY_MAP(XX)
#undef XX
};
#undef NUMBER

void store_reader_free(struct store_reader *r)
{
    if (r != NULL)
        r->driver->reader_free(r);
}

static bool is_full(const struct answer *a)
{
    const struct store_list *list = a->list;
    size_t bytes_max = a->question->bytes_max != 0 ? a->question->bytes_max : STORE_PAGE_BYTES_MAX;

    return list->count == a->question->rows_max ||
           (list->count > 0 && arena_bytes(list->mem) > bytes_max);
}

void *answer_row(struct answer *a)
{
    struct store_list *list = a->list;
    size_t row_bytes = query_rows[a->question->query]->bytes;

    a->more = is_full(a);
    if (a->more)
        return NULL;
    if (list->count == a->cap) {
        size_t wider = a->cap > 0 ? a->cap * 2 : ROWS_AT_FIRST;
        void *rows = arena_alloc(list->mem, wider * row_bytes);

        if (list->count > 0)
            memcpy(rows, list->rows, list->count * row_bytes);
        list->rows = rows;
        a->cap = wider;
    }
    return (char *)list->rows + row_bytes * list->count++;
}

void answer_restart(struct answer *a)
{
    arena_free(a->list->mem);
    *a->list = (struct store_list){.mem = arena_new()};
    a->cap = 0;
    a->more = false;
}

static bool ask_rows(struct store_reader *r, const struct question *q, struct answer *answer,
                     struct err *e)
{
    bool ok;

    driver_begins();
    ok = r->driver->rows(r, q, answer, e);
    driver_ends();
    return ok;
}

static bool ask_number(struct store_reader *r, const struct question *q, int64_t *ret_int,
                       double *ret_real, struct err *e)
{
    bool ok;

    driver_begins();
    ok = r->driver->number(r, q, ret_int, ret_real, e);
    driver_ends();
    return ok;
}

bool read_rows(struct store_reader *r, const struct question *q, struct store_list *ret,
               bool *ret_more, struct err *e)
{
    struct store_list list = {0};
    struct answer answer = {.question = q, .list = &list};

    assert(ret->mem == NULL && q->rows_max > 0);
    list.mem = arena_new();
    if (!ask_rows(r, q, &answer, e)) {
        arena_free(list.mem);
        return false;
    }
    if (answer.more && q->key != NULL) {
        const struct page_key key =
            q->key((char *)list.rows + query_rows[q->query]->bytes * (list.count - 1));

        list.next_page = page_token(list.mem, &key);
    }
    *ret = list;
    if (ret_more != NULL)
        *ret_more = answer.more;
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

bool not_found_is_none(struct err *e)
{
    bool none = e->code == ERR_NOT_FOUND;

    if (none)
        *e = (struct err){0};
    return none;
}

bool read_real(struct store_reader *r, const struct question *q, double *ret, struct err *e)
{
    int64_t number;

    return ask_number(r, q, &number, ret, e);
}

bool read_int(struct store_reader *r, const struct question *q, int64_t *ret, struct err *e)
{
    double real;

    return ask_number(r, q, ret, &real, e);
}

bool read_flag(struct store_reader *r, enum query query, bool *ret, struct err *e)
{
    int64_t number = 0;
    bool read = read_int(r, &(struct question){.query = query, .rows_max = 1}, &number, e);

    *ret = number != 0;
    return read;
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
