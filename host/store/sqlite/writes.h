/* writes.h -- the driver's whole list of writes: one statement an operation. Private to host/store.
 */
#ifndef ORCH_STORE_SQLITE_WRITES_H
#define ORCH_STORE_SQLITE_WRITES_H

#include "store/ops.h"

/* Parameters are numbered as the columns of the kind's row are (columns.c). Where a change is
 * expected, no changed row gives `none`; ERR_NONE: none is fine. */
struct write_statement {
    const char *sql;
    enum err_code none;
    const char *why;
};
extern const struct write_statement write_statements[OP_COUNT];

/* Of a row with lease_owner and lease_epoch: one opening is alive, that of the fence. */
#define WHO_HAS_IT_LIVES(row)                                                                      \
    "EXISTS (SELECT 1 FROM store_fence AS f WHERE f.id = 1 AND f.host_id = " row ".lease_owner"    \
    " AND f.lease_epoch = " row ".lease_epoch)"
#define GOES_ON "(status = 'pending' OR status = 'running' OR status = 'paused')"

#endif
