/* kind.h -- columns as PostgreSQL has them: types, times, and texts of statements written out.
 * Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_KIND_H
#define ORCH_STORE_POSTGRES_KIND_H

#include "base/buf.h"
#include "store/columns.h"

/* The numbers of the types in pg_type: they are part of the protocol. */
enum pg_type {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_JSON = 114,
    PG_FLOAT8 = 701,
    PG_VARCHAR = 1043,
    PG_TIMESTAMPTZ = 1184,
};

/* What a column is written as. */
enum pg_type kind_type(const struct column *c);
/* False for what the database gives or works out. */
bool kind_written(const struct column *c);
/* 0 is NULL. */
bool kind_zero_is_null(const struct column *c);

/* Microseconds since 1970, and PostgreSQL's since 2000. Times that it has no place for are its
 * infinities. */
int64_t kind_time_to_pg(int64_t us);
/* False: no time that int64_t has. */
bool kind_time_from_pg(int64_t pg, int64_t *ret_us);

/* A statement's text may say, for the columns of a row:
 *   {columns}  the names an INSERT gives      {values}  a.name, for them
 *   {set}      name = excluded.name, without the fixed ones
 *   {read}     what a SELECT asks for; ?1 in it is $1
 *   {in}       unnest($1::text[], ...) WITH ORDINALITY AS a(name, ..., ord): the rows, in order */
void kind_expand(struct buf *b, const char *sql, const struct row_type *row);

#endif
