/* watch.h -- are the store's files still those that were opened? A file that is removed, replaced
 * or cut under a running host takes every commit and keeps none of them. Writer's thread, after the
 * open. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_WATCH_H
#define ORCH_STORE_SQLITE_WATCH_H

#include "base/err.h"

#include <sys/types.h>

struct watch;

/* Remembers the file, its WAL and its shared memory; all three are there. */
bool watch_open(const char *store_path, struct watch **ret, struct err *e) must_check;
void watch_free(struct watch *w); /* accepts NULL */
DEFINE_AUTO(watch)

/* ERR_CORRUPT names the file and what became of it. */
bool watch_look(struct watch *w, struct err *e) must_check;
/* A descriptor that tells when somebody touches a file, the caller's to close; -1: it would not
 * hear of each. A look behind it misses nothing. */
int watch_hear(const struct watch *w);
/* Sleeps until wake_fd or found_fd can be read, told_fd tells or it is time for another look. */
void watch_rest(int told_fd, int found_fd, int wake_fd);
off_t watch_wal_bytes(const struct watch *w); /* as of the last look */

#endif
