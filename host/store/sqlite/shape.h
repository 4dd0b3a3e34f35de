/* shape.h -- has the store every table, index and trigger that its migrations make, and no other? A
 * trigger that is gone is a promise that nobody keeps any more. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_SHAPE_H
#define ORCH_STORE_SQLITE_SHAPE_H

#include "base/err.h"

#include <sqlite3.h>

/* Of a store at the newest schema version. ERR_CORRUPT names the first difference. */
bool shape_check(sqlite3 *db, struct err *e) must_check;

#endif
