/* beside.h -- threads beside the loop, each with a reader of the store of its own: for whatever the
 * loop wants of the store, and for what grows with data.
 *
 * Whoever gives work keeps to one rule: what the work reads and makes is the thread's from
 * beside_give until done or drop, and the loop does not look at it meanwhile. Pieces begin in the
 * order in which they were given, and may end in another. What one reads has everything whose
 * completion was delivered before it was given.
 *
 * All calls: loop thread. */
#ifndef ORCH_STORE_BESIDE_H
#define ORCH_STORE_BESIDE_H

#include "base/auto.h"
#include "base/err.h"
#include "store/store.h"

struct beside;

struct beside_work {
    void (*run)(void *arg, struct store_reader *reader); /* on a thread; does not log */
    void (*done)(void *arg);                             /* on the loop, once; may give more */
    void (*drop)(void *arg); /* in place of done, when beside is freed: run came before, or never */
    void *arg;
};

/* threads: at most WORK_THREADS_MAX; ahead as told_max of work_pool.h. */
bool beside_start(struct store *store, unsigned threads, unsigned ahead, struct beside **ret,
                  struct err *e) must_check;
/* Waits for what runs; what was not told is dropped. Before the store and the engine go. Accepts
 * NULL. */
void beside_free(struct beside *b);
DEFINE_AUTO(beside)

void beside_give(struct beside *b, const struct beside_work *work);
/* Pieces that were given and are neither done nor dropped. */
size_t beside_left(const struct beside *b);
/* Readable when beside_turn has something to tell. */
int beside_fd(const struct beside *b);
void beside_turn(struct beside *b);

#endif
