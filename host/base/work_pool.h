/* work_pool.h -- work that grows with data, done beside the loop by a few threads of their own.
 *
 * The loop's thread calls everything below but run. A piece of work is one side's at any time: the
 * loop gives it, a thread of the pool runs it, the loop is told in work_pool_turn. What was given
 * first begins first; where several threads run, they may end in another order. What bounds it: the
 * pieces are as many as the caller gives, and each holds what its run makes until it is told. */
#ifndef ORCH_BASE_WORK_POOL_H
#define ORCH_BASE_WORK_POOL_H

#include "base/auto.h"
#include "base/err.h"

enum { WORK_THREADS_MAX = 20 };

struct work {
    /* On a thread of the pool; worker is below the pool's threads, and no two runs at a time have
     * the same. Touches nothing that the loop may touch meanwhile; does not log. */
    void (*run)(void *arg, unsigned worker);
    /* On the loop, once. */
    void (*done)(void *arg);
    /* In its place when the pool is freed before: run came before it, or never. */
    void (*drop)(void *arg);
    void *arg;
};

struct work_pool;

/* told_max: how many pieces may be finished and not told before no other is begun; 0: any number.
 */
bool work_pool_start(unsigned threads, unsigned told_max, struct work_pool **ret,
                     struct err *e) must_check;
/* Waits for what runs; what was not told is dropped. Accepts NULL. */
void work_pool_free(struct work_pool *p);
DEFINE_AUTO(work_pool)

void work_pool_give(struct work_pool *p, const struct work *work);
/* Readable when work_pool_turn has something to tell. */
int work_pool_fd(const struct work_pool *p);
/* done may give more. */
void work_pool_turn(struct work_pool *p);

#endif
