/* writer.h -- the writer's thread and its queue: group commit, completions in order, and the end
 * of all writing after the first error of the disk. Private to host/store.
 *
 * Two threads meet here, and only here: the loop's, which calls everything below, and the writer's.
 * The queue, the list of what is finished, the error and the figures are what both touch, under one
 * lock; the database belongs to the writer's thread from start to join. A batch is one side's at
 * any time (enum batch_place in store/ops.h), so its rows need no lock. In this order:
 *
 *   loop    writer_submit_take    OPEN -> QUEUED, in the order of the calls; wakes the thread
 *   writer  group_take            QUEUED -> WRITING, from the front, as much as one transaction
 * holds writer  commit (driver.h)     one transaction, one sync; a refused batch has its own error
 *   writer  post                  WRITING -> FINISHED, behind the sync, in the same order; then the
 *                                 error, if the disk failed; then the wake-up of the loop
 *   writer  tidy (driver.h)       behind the post: nobody waits for it
 *   loop    writer_turn           completions, in the same order; the batch is freed behind its own
 *
 * What may cross: a batch that is submitted while a group is written waits for the next one. A
 * batch that was queued before the loop could see the error is answered with it; one that comes
 * later is refused. writer_free closes the queue first, so that what was taken is written and
 * delivered. */
#ifndef ORCH_STORE_WRITER_H
#define ORCH_STORE_WRITER_H

#include "store/driver.h"

struct writer;

/* Takes the database: *db is NULL after success. */
bool writer_start_take(const struct store_options *options, struct driver_write **db,
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
bool writer_pressed(struct writer *w);
bool writer_failed(struct writer *w, struct err *ret_why);
bool writer_blocked(struct writer *w, struct err *ret_why);
int64_t writer_held_until_us(const struct writer *w);
void writer_stats(struct writer *w, struct store_stats *ret);
/* See testing.h. */
void writer_fail_commit(struct writer *w, uint64_t nth);
void writer_hold(struct writer *w, bool held);

#endif
