/* beside.c -- see beside.h. */
#include "store/beside.h"

#include "base/mem.h"
#include "base/work_pool.h"

struct beside {
    struct work_pool *pool;
    struct store_reader *readers[WORK_THREADS_MAX];
    size_t left;
};

struct piece {
    struct beside *owner;
    struct beside_work work;
};

static void run(void *arg, unsigned worker)
{
    struct piece *piece = arg;

    piece->work.run(piece->work.arg, piece->owner->readers[worker]);
}

static void ends(struct piece *piece, void (*how)(void *arg))
{
    void *arg = piece->work.arg;

    piece->owner->left--;
    free(piece);
    how(arg);
}

static void done(void *arg)
{
    struct piece *piece = arg;

    ends(piece, piece->work.done);
}

static void drop(void *arg)
{
    struct piece *piece = arg;

    ends(piece, piece->work.drop);
}

bool beside_start(struct store *store, unsigned threads, unsigned ahead, struct beside **ret,
                  struct err *e)
{
    auto_obj(beside) b = mem_new(struct beside);

    for (unsigned i = 0; i < threads; i++) {
        if (!store_reader_open(store, &b->readers[i], e))
            return false;
    }
    if (!work_pool_start(threads, ahead, &b->pool, e))
        return false;
    *ret = take(b);
    return true;
}

void beside_free(struct beside *b)
{
    if (b == NULL)
        return;
    work_pool_free(b->pool);
    for (unsigned i = 0; i < WORK_THREADS_MAX; i++)
        store_reader_free(b->readers[i]);
    free(b);
}

void beside_give(struct beside *b, const struct beside_work *work)
{
    struct piece *piece = mem_new(struct piece);

    *piece = (struct piece){b, *work};
    b->left++;
    work_pool_give(b->pool, &(struct work){run, done, drop, piece});
}

size_t beside_left(const struct beside *b)
{
    return b->left;
}

int beside_fd(const struct beside *b)
{
    return work_pool_fd(b->pool);
}

void beside_turn(struct beside *b)
{
    work_pool_turn(b->pool);
}
