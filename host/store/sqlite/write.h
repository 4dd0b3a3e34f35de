/* write.h -- the one read-write connection: transactions, one statement an operation,
 * checkpoints. Used by the writer thread alone, after sqlite_write_open. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_WRITE_H
#define ORCH_STORE_SQLITE_WRITE_H

#include "base/err.h"
#include "store/driver.h"

struct sqlite_write;

/* Holds the file against what was acknowledged (count.h), checks it as asked, brings the schema up
 * to date, compares it with what it should be, prepares every statement. */
bool sqlite_write_open(const struct store_options *options, struct sqlite_write **ret,
                       struct err *e) must_check;
int64_t sqlite_write_epoch(const struct sqlite_write *w);
/* Checkpoints what it can, then closes; files that are not ours any more are left as they are.
 * Accepts NULL. */
void sqlite_write_free(struct sqlite_write *w);
DEFINE_AUTO(sqlite_write)

bool sqlite_write_begin(struct sqlite_write *w, struct err *e) must_check;
/* Why it did not begin: another process holds the file's lock. */
bool sqlite_write_was_busy(const struct sqlite_write *w);
/* Synced, of files that are still those that were opened, and counted. events: how many are in
 * it. */
bool sqlite_write_commit(struct sqlite_write *w, int64_t events, struct err *e) must_check;
/* Looks after the files between the commits (watch.h). False: nothing more may be written. */
bool sqlite_write_look(struct sqlite_write *w, struct err *e) must_check;
/* Also after a failure, whatever is left of the transaction. */
void sqlite_write_rollback(struct sqlite_write *w);

enum applied {
    APPLIED,
    REFUSED, /* the batch's own fault: e says why, its rows must be undone */
    BROKEN,  /* the store's: nothing more may be written */
};
/* Applies a batch inside the transaction and notes the seq of its events. */
enum applied sqlite_write_apply(struct sqlite_write *w, struct store_batch *b, struct err *e);
/* The same, and undoes a refused batch alone: costs a savepoint. */
enum applied sqlite_write_apply_guarded(struct sqlite_write *w, struct store_batch *b,
                                        struct err *e);

/* What a driver has (store/driver.h) is the struct's first member. */
static inline struct sqlite_write *sqlite_write_of(struct driver_write *base)
{
    return (struct sqlite_write *)base;
}
/* Looks after the files for as long as nothing is to be done. */
bool sqlite_write_rest(struct driver_write *base, int wake_fd, struct err *e) must_check;
/* The next commits read their pages again. */
void sqlite_write_shed(struct driver_write *base);
/* Checkpoints when the WAL has grown enough since the last time. Outside of transactions. Where
 * another process checkpoints or has the file, it is left for the next time. */
bool sqlite_write_tidy(struct driver_write *base, bool *ret_done, struct err *e) must_check;
uint64_t sqlite_write_wal_pages(const struct driver_write *base);

#endif
