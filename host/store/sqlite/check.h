/* check.h -- SQLite's own check of a file, before anything is written to it. Private to
 * host/store. */
#ifndef ORCH_STORE_SQLITE_CHECK_H
#define ORCH_STORE_SQLITE_CHECK_H

#include "base/err.h"
#include "store/store.h"

#include <sqlite3.h>

/* ERR_CORRUPT says what the check found first. */
bool check_as_asked(sqlite3 *db, enum store_check how, struct err *e) must_check;

#endif
