/* cell.h -- a row as it came from the database, into a row of ours. Its bytes are not believed: a
 * hand may have changed them, or another program. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_CELL_H
#define ORCH_STORE_POSTGRES_CELL_H

#include "base/err.h"
#include "store/arena.h"
#include "store/columns.h"

/* One value in the binary format of its type. */
struct cell {
    const void *bytes; /* NULL is NULL */
    size_t len;
    uint32_t type; /* enum pg_type, or one that we do not know */
};

/* Of a result in the binary format. It borrows the result's bytes. */
struct pg_result;
struct cell cell_at(const struct pg_result *result, int row, int column);

/* Fills a row of the type from as many cells as it has columns; the texts are copied into mem. What
 * no row of ours can hold is ERR_CORRUPT, which names the row by its first text and the column. */
bool cell_read_row(const struct cell *cells, const struct row_type *type, struct arena *mem,
                   void *row, struct err *e) must_check;
/* A number, both ways; NULL reads as 0. */
bool cell_read_number(const struct cell *cell, int64_t *ret_int, double *ret_real,
                      struct err *e) must_check;

#endif
