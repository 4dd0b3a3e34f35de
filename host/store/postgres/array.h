/* array.h -- the rows of many operations as one binary array a column: the parameters of a
 * statement that says unnest. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_ARRAY_H
#define ORCH_STORE_POSTGRES_ARRAY_H

#include "base/buf.h"
#include "store/columns.h"

/* All written columns of the rows, one behind the other. at[i] and len[i] are where the i-th array
 * is in bytes. */
enum { ARRAY_COLUMNS_MAX = 48 };
struct arrays {
    struct buf bytes;
    size_t at[ARRAY_COLUMNS_MAX];
    int len[ARRAY_COLUMNS_MAX];
    int count;
};
void arrays_done(struct arrays *a);
DEFINE_AUTO_DONE(arrays)

/* Empties a first. */
void arrays_fill(struct arrays *a, const struct row_type *type, const void *const rows[],
                 size_t count);

#endif
