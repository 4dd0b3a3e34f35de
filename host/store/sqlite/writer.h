/* writer.h -- the writer's thread and its queue: group commit, completions in order, and the end
 * of all writing after the first error of the disk. Private to host/store.
 *
 * The queue and the list of completions are the only things that both threads touch, under one
 * lock. The database belongs to the thread. */
#ifndef ORCH_STORE_SQLITE_WRITER_H
#define ORCH_STORE_SQLITE_WRITER_H

#include "store/ops.h"
#include "store/sqlite/write.h"

struct writer;

/* Takes the database: *db is NULL after success. */
bool writer_start_take(const struct store_options *options, struct sqlite_write **db,
                       struct writer **ret, struct err *e) must_check;
/* Commits what waits, ends the thread, delivers every completion, closes the database. */
void writer_free(struct writer *w); /* accepts NULL */
DEFINE_AUTO(writer)

/* See store_submit_take and its neighbours in store.h. */
bool writer_submit_take(struct writer *w, struct store_batch **batch, store_done_fn *done,
                        void *arg, struct err *e) must_check;
int writer_poll_fd(const struct writer *w);
size_t writer_turn(struct writer *w);
size_t writer_pending(const struct writer *w);
bool writer_failed(struct writer *w, struct err *ret_why);
void writer_stats(struct writer *w, struct store_stats *ret);
/* See testing.h. */
void writer_fail_commit(struct writer *w, uint64_t nth);
void writer_hold(struct writer *w, bool held);

#endif
