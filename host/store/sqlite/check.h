/* check.h -- SQLite's own check of a file: before anything is written to it, and where that would
 * take long, beside the writer. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_CHECK_H
#define ORCH_STORE_SQLITE_CHECK_H

#include "base/auto.h"
#include "base/err.h"

#include <sqlite3.h>

/* ERR_CORRUPT says what the check found first. */
bool check_now(sqlite3 *db, struct err *e) must_check;

/* The check goes on by itself, on a thread with a connection of its own that others outrank,
 * until the end of the file or for a minute: so long it keeps the WAL from starting anew. */
struct check;
bool check_beside(const char *store_path, struct check **ret, struct err *e) must_check;
void check_free(struct check *c); /* accepts NULL; ends it */

/* ERR_CORRUPT: it has found damage. It keeps the check to its time, so it is asked again and again.
 * Accepts NULL. */
bool check_look(struct check *c, struct err *e) must_check;
/* Can be read once it has; -1 for NULL. */
int check_found_fd(const struct check *c);

#endif
