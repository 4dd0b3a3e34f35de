/* kind.c -- see kind.h. */
#include "store/postgres/kind.h"

#include "base/auto.h"
#include "store/markers.h"

#include <string.h>

/* 1970 to 2000, and the last time that a timestamptz has. */
#define EPOCH_US INT64_C(946684800000000)
#define PG_FIRST (-INT64_C(211813488000000000))
#define PG_END INT64_C(9223371331200000000)

/* Kept byte for byte: a hash covers them. */
static const char *const json_columns[] = {
    "definition",      "default_retry_policy", "default_timeout_policy",
    "topology_levels", "input_data",           "output_data",
    "outputs",         "parent_hashes",
};

static bool is_json(const struct column *c)
{
    for (size_t i = 0; i < ARRAY_LEN(json_columns); i++) {
        if (strcmp(c->name, json_columns[i]) == 0)
            return true;
    }
    return false;
}

/* By its name: SQLite has one type for numbers and times. */
static bool is_time(const struct column *c)
{
    size_t len = strlen(c->name);

    return c->kind == COL_TIME || strcmp(c->name, "at") == 0 || strcmp(c->name, "time") == 0 ||
           (len > 3 && strcmp(c->name + len - 3, "_at") == 0);
}

enum pg_type kind_type(const struct column *c)
{
    switch (c->kind) {
    case COL_INT:
    case COL_TIME:
    case COL_ID:
        return is_time(c) ? PG_TIMESTAMPTZ : PG_INT8;
    case COL_REAL:
        return PG_FLOAT8;
    case COL_BOOL:
    case COL_SAID:
        return PG_BOOL;
    case COL_BLOB:
        return PG_BYTEA;
    default:
        return is_json(c) ? PG_JSON : PG_TEXT;
    }
}

bool kind_written(const struct column *c)
{
    return c->kind != COL_ID && c->kind != COL_SAID && !c->said;
}

bool kind_zero_is_null(const struct column *c)
{
    return c->kind == COL_TIME || strcmp(c->name, "deleted_at") == 0;
}

int64_t kind_time_to_pg(int64_t us)
{
    int64_t pg;

    if (__builtin_sub_overflow(us, EPOCH_US, &pg) || pg < PG_FIRST)
        return INT64_MIN;
    return pg < PG_END ? pg : INT64_MAX;
}

bool kind_time_from_pg(int64_t pg, int64_t *ret_us)
{
    return pg != INT64_MIN && !__builtin_add_overflow(pg, EPOCH_US, ret_us);
}

static const char *type_name(enum pg_type type)
{
    switch (type) {
    case PG_BOOL:
        return "bool";
    case PG_BYTEA:
        return "bytea";
    case PG_INT8:
        return "int8";
    case PG_FLOAT8:
        return "float8";
    case PG_JSON:
        return "json";
    case PG_TIMESTAMPTZ:
        return "timestamptz";
    default:
        return "text";
    }
}

static void add_read(struct buf *b, const struct column *c)
{
    for (const char *p = c->read != NULL ? c->read : c->name; *p != '\0'; p++)
        buf_addc(b, *p == '?' ? '$' : *p);
}

/* False when the marker leaves the column out. */
static bool add_column(struct buf *b, const char *separator, const char *marker,
                       const struct column *c)
{
    if (strcmp(marker, "read") != 0 && !kind_written(c))
        return false;
    if (strcmp(marker, "set") == 0 && c->fixed)
        return false;
    buf_adds(b, separator);
    if (strcmp(marker, "read") == 0)
        add_read(b, c);
    else if (strcmp(marker, "set") == 0)
        buf_addf(b, "%s = excluded.%s", c->name, c->name);
    else
        buf_addf(b, "%s%s", strcmp(marker, "values") == 0 ? "a." : "", c->name);
    return true;
}

static void add_columns(struct buf *b, const char *marker, const struct row_type *row)
{
    const char *separator = "";

    for (size_t i = 0; i < row->count; i++) {
        if (add_column(b, separator, marker, &row->columns[i]))
            separator = ", ";
    }
}

static void add_in(struct buf *b, const struct row_type *row)
{
    int number = 0;

    buf_adds(b, "unnest(");
    for (size_t i = 0; i < row->count; i++) {
        if (kind_written(&row->columns[i])) {
            number++;
            buf_addf(b, "%s$%d::%s[]", number > 1 ? ", " : "", number,
                     type_name(kind_type(&row->columns[i])));
        }
    }
    buf_adds(b, ") WITH ORDINALITY AS a(");
    add_columns(b, "columns", row);
    buf_adds(b, ", ord)");
}

static void add_marker(struct buf *b, const char *marker, const struct row_type *row)
{
    if (strcmp(marker, "in") == 0)
        add_in(b, row);
    else
        add_columns(b, marker, row);
}

void kind_expand(struct buf *b, const char *sql, const struct row_type *row)
{
    markers_expand(b, sql, row, add_marker);
}
