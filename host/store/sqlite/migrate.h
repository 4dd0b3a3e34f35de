/* migrate.h -- the schema's versions, embedded from schema/NNNN_name.{up,down}.sql. Private to
 * host/store. */
#ifndef ORCH_STORE_SQLITE_MIGRATE_H
#define ORCH_STORE_SQLITE_MIGRATE_H

#include "base/err.h"

#include <sqlite3.h>

struct migration {
    const char *name;
    const char *up;
    const char *down;
};

/* migrations[v - 1] leads from version v - 1 to v. Generated at build time. */
extern const struct migration migrations[];
extern const int migration_count;

/* Brings the database to the version, each step in a transaction of its own. ERR_UNSUPPORTED: a
 * newer program wrote it. */
bool migrate_to(sqlite3 *db, int version, struct err *e) must_check;

#endif
