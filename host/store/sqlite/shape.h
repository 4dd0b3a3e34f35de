/* shape.h -- has the store every table, index and trigger that its migrations make, and no other? A
 * trigger that is gone is a promise that nobody keeps any more. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_SHAPE_H
#define ORCH_STORE_SQLITE_SHAPE_H

#include "base/err.h"
#include "base/hash.h"

#include <sqlite3.h>

/* Of a store at the newest schema version. ERR_CORRUPT names the first difference. A store whose
 * digest is schema/shape.sha256 is ours; any other is compared with what the migrations make, which
 * takes twenty times as long. */
bool shape_check(sqlite3 *db, struct err *e) must_check;

/* SHA-256 of every object's kind, name, table and text, in the order of the names. */
bool shape_digest(sqlite3 *db, struct sha256_hex *ret, struct err *e) must_check;
/* What schema/shape.sha256 says: generated. */
extern const char shape_expected[];

#endif
