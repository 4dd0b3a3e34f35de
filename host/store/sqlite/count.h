/* count.h -- how much was acknowledged, beside the store in FILE.count: what a start holds the
 * store against. One line, written in place behind each synced commit and before anybody is told:
 *
 *   STATE SALT1 SALT2 FRAMES EVENTS  open or closed; of the WAL; see ledgers_total of ledgers.h
 *
 * The line is not synced with each commit (that would double the price of one), so after a power
 * loss it may be older than the store: it is a lower bound, and never more than what is there. What
 * it finds: a WAL that was cut, lost or damaged after a crash, a file that was put back. A store
 * that has no such file, a copy or one of an earlier program, is taken as it is. Writer's thread,
 * after the open. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_COUNT_H
#define ORCH_STORE_SQLITE_COUNT_H

#include "base/err.h"

#include <stdint.h>

struct count;

/* Reads the line and holds the WAL against it: before SQLite touches either. ERR_CORRUPT says what
 * is missing. */
bool count_open(const char *store_path, struct count **ret, struct err *e) must_check;
void count_free(struct count *c); /* accepts NULL; writes nothing */
DEFINE_AUTO(count)

/* events: as many as the store has. It may be more than the line knows; from here on it does. */
bool count_check_events(struct count *c, int64_t events, struct err *e) must_check;
/* A commit is on the disk, with so many events. */
bool count_note(struct count *c, uint64_t wal_frames, int64_t events, struct err *e) must_check;
/* Before the WAL is merged and removed. Synced: from here on no WAL is expected. */
bool count_close(struct count *c, struct err *e) must_check;

#endif
