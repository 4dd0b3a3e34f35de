/* cell.c -- see cell.h. */
#include "store/postgres/cell.h"

#include "base/text.h"
#include "store/postgres/kind.h"
#include "store/rows.h"

#include <endian.h>
#include <libpq-fe.h>
#include <math.h>
#include <string.h>

enum { NAME_BYTES_MAX = 128 };

static uint64_t big_endian(const struct cell *cell)
{
    const uint8_t *bytes = cell->bytes;
    uint64_t value = 0;

    for (size_t i = 0; i < cell->len; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Any type of whole numbers, and times. */
static bool read_int(const struct cell *cell, int64_t *ret)
{
    uint64_t value = cell->len <= sizeof value ? big_endian(cell) : 0;

    if (cell->type == PG_INT8 && cell->len == 8)
        *ret = (int64_t)value;
    else if (cell->type == PG_INT4 && cell->len == 4)
        *ret = (int32_t)value;
    else if (cell->type == PG_INT2 && cell->len == 2)
        *ret = (int16_t)value;
    else if (cell->type == PG_TIMESTAMPTZ && cell->len == 8)
        return kind_time_from_pg((int64_t)value, ret);
    else
        return false;
    return true;
}

static bool read_real(const struct cell *cell, double *ret)
{
    uint64_t bits;

    if (cell->type != PG_FLOAT8 || cell->len != sizeof bits)
        return false;
    bits = big_endian(cell);
    memcpy(ret, &bits, sizeof bits);
    return isfinite(*ret) != 0;
}

static bool read_bool(const struct cell *cell, bool *ret)
{
    if (cell->type != PG_BOOL || cell->len != 1)
        return false;
    *ret = *(const uint8_t *)cell->bytes != 0;
    return true;
}

static bool is_text(const struct cell *cell)
{
    return (cell->type == PG_TEXT || cell->type == PG_VARCHAR || cell->type == PG_JSON) &&
           memchr(cell->bytes, '\0', cell->len) == NULL;
}

static const char *copy_text(const struct cell *cell, struct arena *mem)
{
    return arena_copy(mem, cell->bytes, cell->len);
}

static bool read_status(const struct cell *cell, enum column_kind kind, void *member)
{
    char word[NAME_BYTES_MAX];

    if (!is_text(cell) || cell->len >= sizeof word)
        return false;
    memcpy(word, cell->bytes, cell->len);
    word[cell->len] = '\0';
    if (kind == COL_RUN_STATUS)
        return (*(enum store_run_status *)member = store_run_status_parse(word)) !=
               STORE_RUN_INVALID;
    return (*(enum store_node_status *)member = store_node_status_parse(word)) !=
           STORE_NODE_INVALID;
}

static bool read_blob(const struct cell *cell, struct arena *mem, const void **blob)
{
    if (cell->type != PG_BYTEA)
        return false;
    *blob = copy_text(cell, mem);
    memcpy((char *)blob + sizeof *blob, &cell->len, sizeof cell->len);
    return true;
}

/* A row's memory is zero: what may be NULL stays so. A large column that was not asked for is NULL,
 * whatever its kind. */
static bool may_be_null(const struct column *c)
{
    switch (c->kind) {
    case COL_TEXT_NULL:
    case COL_HASH_NULL:
    case COL_TIME:
    case COL_VERSION_KEY:
        return true;
    default:
        return c->read != NULL || kind_zero_is_null(c);
    }
}

static bool read_value(const struct cell *cell, enum column_kind kind, struct arena *mem,
                       void *member)
{
    switch (kind) {
    case COL_TEXT:
    case COL_TEXT_NULL:
        return is_text(cell) && (*(const char **)member = copy_text(cell, mem)) != NULL;
    case COL_HASH:
    case COL_HASH_NULL:
        return is_text(cell) && (*(const char **)member = copy_text(cell, mem)) != NULL &&
               text_is_sha256(*(const char **)member);
    case COL_ID:
    case COL_INT:
    case COL_TIME:
        return read_int(cell, member);
    case COL_REAL:
        return read_real(cell, member);
    case COL_BOOL:
    case COL_SAID:
        return read_bool(cell, member);
    case COL_BLOB:
        return read_blob(cell, mem, member);
    case COL_RUN_STATUS:
    case COL_NODE_STATUS:
        return read_status(cell, kind, member);
    case COL_VERSION_KEY:
        return true;
    }
    return false;
}

/* What names the row: its first text. */
static const char *name_of(const struct cell *cells, const struct row_type *type,
                           char name[NAME_BYTES_MAX])
{
    name[0] = '\0';
    for (size_t i = 0; i < type->count; i++) {
        if (cells[i].bytes != NULL && is_text(&cells[i])) {
            size_t len = cells[i].len < NAME_BYTES_MAX ? cells[i].len : NAME_BYTES_MAX - 1;

            memcpy(name, cells[i].bytes, len);
            name[len] = '\0';
            break;
        }
    }
    return name;
}

bool cell_read_row(const struct cell *cells, const struct row_type *type, struct arena *mem,
                   void *row, struct err *e)
{
    char name[NAME_BYTES_MAX];

    memset(row, 0, type->bytes);
    for (size_t i = 0; i < type->count; i++) {
        const struct column *c = &type->columns[i];

        if (cells[i].bytes == NULL ? !may_be_null(c)
                                   : !read_value(&cells[i], c->kind, mem, (char *)row + c->offset))
            return err_set(e, ERR_CORRUPT, "the row of '%s' holds no %s of ours",
                           name_of(cells, type, name), c->name);
    }
    return true;
}

bool cell_read_number(const struct cell *cell, int64_t *ret_int, double *ret_real, struct err *e)
{
    int64_t number = 0;
    double real = 0;

    if (cell->bytes != NULL && read_int(cell, &number))
        real = (double)number;
    else if (cell->bytes != NULL && read_real(cell, &real))
        number = fabs(real) < 9e18 ? (int64_t)real : 0;
    else if (cell->bytes != NULL)
        return err_set(e, ERR_CORRUPT, "the answer is no number");
    *ret_int = number;
    *ret_real = real;
    return true;
}

struct cell cell_at(const struct pg_result *result, int row, int column)
{
    bool null = PQgetisnull(result, row, column) != 0;

    return (struct cell){null ? NULL : PQgetvalue(result, row, column),
                         (size_t)PQgetlength(result, row, column),
                         (uint32_t)PQftype(result, column)};
}
