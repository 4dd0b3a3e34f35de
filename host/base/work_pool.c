/* work_pool.c -- see work_pool.h. */
#include "base/work_pool.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/thread.h"

#include <assert.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/queue.h>

struct piece {
    STAILQ_ENTRY(piece) link;
    struct work work;
};

STAILQ_HEAD(piece_list, piece);

struct worker {
    struct work_pool *pool;
    pthread_t thread;
    unsigned number;
};

struct work_pool {
    struct worker workers[WORK_THREADS_MAX];
    unsigned threads; /* that were started */
    unsigned told_max;
    pthread_t loop; /* who may call work_pool_*: the thread that started it */
    int event_fd;

    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t wake;
    struct piece_list queue;
    struct piece_list finished;
    unsigned untold; /* in finished */
    bool closing;
};

/* ---- the threads ---- */

/* NULL: closing. */
static struct piece *piece_wait(struct work_pool *p)
{
    struct piece *piece = NULL;

    pthread_mutex_lock(&p->lock);
    while (!p->closing &&
           (STAILQ_EMPTY(&p->queue) || (p->told_max != 0 && p->untold >= p->told_max)))
        pthread_cond_wait(&p->wake, &p->lock);
    if (!p->closing) {
        piece = STAILQ_FIRST(&p->queue);
        STAILQ_REMOVE_HEAD(&p->queue, link);
    }
    pthread_mutex_unlock(&p->lock);
    return piece;
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct work_pool *p = w->pool;
    struct piece *piece;

    while ((piece = piece_wait(p)) != NULL) {
        piece->work.run(piece->work.arg, w->number);
        pthread_mutex_lock(&p->lock);
        STAILQ_INSERT_TAIL(&p->finished, piece, link);
        p->untold++;
        pthread_mutex_unlock(&p->lock);
        eventfd_write(p->event_fd, 1);
    }
    return NULL;
}

/* ---- the loop ---- */

static void assert_loop(const struct work_pool *p)
{
    assert(pthread_equal(pthread_self(), p->loop) != 0);
}

static void drop_all(struct piece_list *list)
{
    struct piece *piece;

    while ((piece = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        piece->work.drop(piece->work.arg);
        free(piece);
    }
}

void work_pool_free(struct work_pool *p)
{
    if (p == NULL)
        return;
    assert_loop(p);
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->threads; i++)
        pthread_join(p->workers[i].thread, NULL);
    drop_all(&p->queue);
    drop_all(&p->finished);
    close(p->event_fd);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static bool worker_start(struct work_pool *p, unsigned number, struct err *e)
{
    struct worker *w = &p->workers[number];

    *w = (struct worker){.pool = p, .number = number};
    errno = thread_start(&w->thread, worker_main, w);
    return errno == 0 || err_sys(e, "start a thread beside the loop");
}

bool work_pool_start(unsigned threads, unsigned told_max, struct work_pool **ret, struct err *e)
{
    auto_fd event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    auto_obj(work_pool) p = NULL;

    assert(threads > 0 && threads <= WORK_THREADS_MAX);
    if (event_fd < 0)
        return err_sys(e, "eventfd");
    p = mem_new(struct work_pool);
    p->loop = pthread_self();
    p->told_max = told_max;
    p->event_fd = take_fd(&event_fd);
    STAILQ_INIT(&p->queue);
    STAILQ_INIT(&p->finished);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (; p->threads < threads; p->threads++) {
        if (!worker_start(p, p->threads, e))
            return false;
    }
    *ret = take(p);
    return true;
}

void work_pool_give(struct work_pool *p, const struct work *work)
{
    struct piece *piece = mem_new(struct piece);

    assert_loop(p);
    piece->work = *work;
    pthread_mutex_lock(&p->lock);
    STAILQ_INSERT_TAIL(&p->queue, piece, link);
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

int work_pool_fd(const struct work_pool *p)
{
    return p->event_fd;
}

void work_pool_turn(struct work_pool *p)
{
    struct piece_list told = STAILQ_HEAD_INITIALIZER(told);
    struct piece *piece;
    eventfd_t seen;

    assert_loop(p);
    (void)eventfd_read(p->event_fd, &seen); /* before the list: what comes later wakes again */
    pthread_mutex_lock(&p->lock);
    STAILQ_CONCAT(&told, &p->finished);
    p->untold = 0;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    while ((piece = STAILQ_FIRST(&told)) != NULL) {
        STAILQ_REMOVE_HEAD(&told, link);
        piece->work.done(piece->work.arg);
        free(piece);
    }
}
