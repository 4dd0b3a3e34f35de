/* write.h -- the one read-write connection: transactions, one statement an operation,
 * checkpoints. Used by the writer thread alone, after sqlite_write_open. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_WRITE_H
#define ORCH_STORE_SQLITE_WRITE_H

#include "base/err.h"
#include "store/ops.h"

struct sqlite_write;

/* Holds the file against what was acknowledged (count.h), checks it as asked, brings the schema up
 * to date, compares it with what it should be, prepares every statement. */
bool sqlite_write_open(const struct store_options *options, struct sqlite_write **ret,
                       struct err *e) must_check;
/* Checkpoints what it can, then closes; files that are not ours any more are left as they are.
 * Accepts NULL. */
void sqlite_write_free(struct sqlite_write *w);
DEFINE_AUTO(sqlite_write)

bool sqlite_write_begin(struct sqlite_write *w, struct err *e) must_check;
/* Why it did not begin: another process holds the file's lock. */
bool sqlite_write_was_busy(const struct sqlite_write *w);
/* Synced, of files that are still those that were opened, and counted. last_event: the seq of the
 * newest event in it; 0: none. */
bool sqlite_write_commit(struct sqlite_write *w, int64_t last_event, struct err *e) must_check;
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

/* Checkpoints when the WAL has grown enough since the last time. Outside of transactions. Where
 * another process checkpoints or has the file, it is left for the next time. */
bool sqlite_write_checkpoint(struct sqlite_write *w, bool *ret_done, struct err *e) must_check;
uint64_t sqlite_write_wal_pages(const struct sqlite_write *w);

#endif
