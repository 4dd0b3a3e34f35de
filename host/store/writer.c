/* writer.c -- see writer.h. */
#include "store/writer.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>

enum {
    GROUP_BATCHES_MAX = 4096,
    GROUP_BYTES_MAX = 8 * 1024 * 1024, /* a transaction that the page cache holds */
    REST_AFTER_S = 1,
    SILENT_S = 5, /* a group that takes so long keeps new work away */
};
#define SILENT_NS (SILENT_S * 1000LL * 1000 * 1000)

struct list {
    struct store_batch *first;
    struct store_batch **end;
};

struct writer {
    struct driver_write *db; /* the thread's until it is joined */
    pthread_t thread;
    pthread_t loop; /* who may call writer_*: the thread that started it */
    int event_fd;
    int wake_fd;                   /* ends the thread's rest */
    size_t batches_max, bytes_max; /* of the queue */

    pthread_mutex_t lock; /* of everything down to the next blank line */
    pthread_cond_t wake;
    struct list queue;
    struct list finished;
    size_t queued;
    size_t queued_bytes;
    bool closing;
    bool held;
    bool rests; /* the thread sleeps on wake_fd, not on wake */
    bool broken;
    struct err why;           /* once broken */
    struct err why_away;      /* while the database is, as the driver says it */
    int64_t since_ns;         /* when the group was taken that is being written; 0: none is */
    struct store_stats stats; /* as of the last post */

    struct store_stats done; /* the thread's own, as are the next two */
    bool shed;               /* it has been, when so many commits were done */
    uint64_t shed_commits;
    size_t pending;               /* the loop's own: submitted and not delivered */
    atomic_uint_fast64_t fail_in; /* see driver.h */
};

static void list_init(struct list *l)
{
    l->first = NULL;
    l->end = &l->first;
}

static void list_add(struct list *l, struct store_batch *b)
{
    b->next = NULL;
    *l->end = b;
    l->end = &b->next;
}

static struct store_batch *list_take_all(struct list *l)
{
    struct store_batch *first = l->first;

    list_init(l);
    return first;
}

static void move(struct store_batch *b, enum batch_place from, enum batch_place to)
{
    assert(b->place == from);
    b->place = to;
}

static void assert_loop(const struct writer *w)
{
    assert(pthread_equal(pthread_self(), w->loop) != 0);
}

/* The thread's side */

/* Takes as much from the queue as one transaction should hold. The lock is held. */
static struct store_batch *group_take(struct writer *w)
{
    struct list group;
    size_t batches = 0, bytes = 0;

    list_init(&group);
    while (w->queue.first != NULL && batches < GROUP_BATCHES_MAX && bytes < GROUP_BYTES_MAX) {
        struct store_batch *b = w->queue.first;

        w->queue.first = b->next;
        if (w->queue.first == NULL)
            w->queue.end = &w->queue.first;
        move(b, BATCH_QUEUED, BATCH_WRITING);
        batches++;
        bytes += store_batch_bytes(b);
        list_add(&group, b);
    }
    w->queued -= batches;
    w->queued_bytes -= bytes;
    w->since_ns = group.first != NULL ? clock_mono_ns() : 0;
    return group.first;
}

static bool has_work(const struct writer *w)
{
    return w->queue.first != NULL && !w->held;
}

/* Waits for the next group, for a while. NULL: there is none; *ret_over: closing, and nothing is
 * left. */
static struct store_batch *group_wait(struct writer *w, bool *ret_over)
{
    struct store_batch *group;
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += REST_AFTER_S;
    pthread_mutex_lock(&w->lock);
    while (!has_work(w) && !w->closing && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&w->wake, &w->lock, &until);
    group = has_work(w) || w->closing ? group_take(w) : NULL;
    *ret_over = w->closing && group == NULL;
    pthread_mutex_unlock(&w->lock);
    return group;
}

/* False while there is something to do after all. */
static bool may_rest(struct writer *w)
{
    bool rests;

    pthread_mutex_lock(&w->lock);
    rests = w->rests = !has_work(w) && !w->closing;
    pthread_mutex_unlock(&w->lock);
    return rests;
}

/* Once behind the last commit: no cache is worth its memory to a host that does nothing. */
static void shed(struct writer *w)
{
    if (w->shed && w->shed_commits == w->done.commits)
        return;
    w->shed = true;
    w->shed_commits = w->done.commits;
    w->db->driver->shed(w->db);
    mem_give_back();
}

/* Until there is work again, or the files need a look. */
static bool rest(struct writer *w, struct err *e)
{
    bool sound;
    eventfd_t seen;

    if (!may_rest(w))
        return true;
    shed(w);
    *e = (struct err){0};
    sound = w->db->driver->rest(w->db, w->wake_fd, e);
    pthread_mutex_lock(&w->lock);
    w->rests = false;
    if (sound && e->code != ERR_NONE)
        w->why_away = *e;
    pthread_mutex_unlock(&w->lock);
    (void)eventfd_read(w->wake_fd, &seen); /* behind it: what comes now signals */
    return sound;
}

/* Gives the lock up first, which the one that wakes up wants. */
static void unlock_and_rouse(struct writer *w)
{
    bool rests = w->rests;

    pthread_mutex_unlock(&w->lock);
    if (rests)
        eventfd_write(w->wake_fd, 1);
    else
        pthread_cond_signal(&w->wake);
}

static void count(struct writer *w, const struct store_batch *group)
{
    for (const struct store_batch *b = group; b != NULL; b = b->next) {
        w->done.batches++;
        w->done.rows += b->err == NULL ? b->rows : 0;
        w->done.batches_refused += b->err != NULL ? 1 : 0;
    }
    w->done.wal_pages = w->db->driver->wal_pages(w->db);
}

/* Hands the group to the loop; broken, when not NULL, is why there will be no other. The wake-up is
 * behind the lock, which the one that wakes up wants. */
static void post(struct writer *w, struct store_batch *group, const struct err *broken)
{
    count(w, group);
    pthread_mutex_lock(&w->lock);
    w->stats = w->done;
    w->since_ns = 0;
    if (broken != NULL) {
        w->broken = true;
        w->why = *broken;
    }
    while (group != NULL) {
        struct store_batch *b = group;

        group = b->next;
        move(b, BATCH_WRITING, BATCH_FINISHED);
        list_add(&w->finished, b);
    }
    pthread_mutex_unlock(&w->lock);
    eventfd_write(w->event_fd, 1);
}

/* After the completions are out: nobody waits for it. */
static bool tidy(struct writer *w, struct err *e)
{
    bool done;

    if (!w->db->driver->tidy(w->db, &done, e))
        return false;
    w->done.checkpoints += done ? 1 : 0;
    return true;
}

/* Notes why the database cannot be had; false when the host does not wait for it any more. */
static bool wait_on(struct writer *w, const struct err *why)
{
    bool closing;

    pthread_mutex_lock(&w->lock);
    w->why_away = *why;
    closing = w->closing;
    pthread_mutex_unlock(&w->lock);
    return !closing;
}

/* Another process's lock, or a database that is away, is waited for however long it lasts; at the
 * end, for one try more. */
static bool commit(struct writer *w, struct store_batch *group, bool *ret_synced, struct err *e)
{
    enum group_end end;

    driver_begins();
    do
        end = w->db->driver->commit(w->db, group, &w->fail_in, ret_synced, e);
    while (end == GROUP_BUSY && wait_on(w, e));
    driver_ends();
    atomic_store(&w->db->away, end == GROUP_BUSY);
    return end == GROUP_COMMITTED;
}

static void fail(struct writer *w, struct store_batch *group, const struct err *why)
{
    w->db->driver->give_up(w->db);
    for (struct store_batch *b = group; b != NULL; b = b->next)
        batch_refuse(b, why);
}

/* Commits the group, or answers it with what broke the store. */
static bool write_group(struct writer *w, struct store_batch *group, bool sound, struct err *e)
{
    bool synced = false;

    if (sound)
        sound = commit(w, group, &synced, e);
    if (!sound)
        fail(w, group, e);
    w->done.commits += sound && synced ? 1 : 0;
    post(w, group, sound ? NULL : e);
    return sound;
}

static void *writer_main(void *arg)
{
    struct writer *w = arg;
    struct err e = {0};
    bool sound = true, over = false;

    while (!over) {
        struct store_batch *group = group_wait(w, &over);

        if (group != NULL)
            sound = write_group(w, group, sound, &e);
        if (sound && !over && !(group != NULL ? tidy(w, &e) : rest(w, &e))) {
            sound = false;
            post(w, NULL, &e);
        }
    }
    return NULL;
}

/* The loop's side */

bool writer_start_take(const struct store_options *options, struct driver_write **db,
                       struct writer **ret, struct err *e)
{
    auto_fd event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    auto_fd wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct writer *w;
    int rc;

    if (event_fd < 0 || wake_fd < 0)
        return err_sys(e, "eventfd");
    w = mem_new(struct writer);
    w->db = *db;
    w->loop = pthread_self();
    w->event_fd = event_fd;
    w->wake_fd = wake_fd;
    w->batches_max =
        options->queue_batches_max > 0 ? options->queue_batches_max : STORE_QUEUE_BATCHES_MAX;
    w->bytes_max = options->queue_bytes_max > 0 ? options->queue_bytes_max : STORE_QUEUE_BYTES_MAX;
    list_init(&w->queue);
    list_init(&w->finished);
    pthread_mutex_init(&w->lock, NULL);
    thread_cond_init(&w->wake);
    rc = thread_start(&w->thread, writer_main, w);
    if (rc != 0) {
        free(w);
        errno = rc;
        return err_sys(e, "start the writer's thread");
    }
    (void)take_fd(&event_fd);
    (void)take_fd(&wake_fd);
    *db = NULL;
    *ret = w;
    return true;
}

void writer_free(struct writer *w)
{
    if (w == NULL)
        return;
    assert_loop(w);
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    w->held = false;
    unlock_and_rouse(w);
    pthread_join(w->thread, NULL);
    writer_turn(w);
    assert(w->pending == 0);
    w->db->driver->write_free(w->db);
    close(w->event_fd);
    close(w->wake_fd);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* The lock is held. */
static bool may_submit(const struct writer *w, size_t bytes, struct err *e)
{
    if (w->broken)
        return err_set(e, ERR_UNAVAILABLE, "the store has failed: %s", w->why.msg);
    if (w->closing)
        return err_set(e, ERR_UNAVAILABLE, "the store is closing");
    if (w->queued >= w->batches_max)
        return err_set(e, ERR_LIMIT, "%zu batches wait for the disk", w->queued);
    if (w->queued_bytes + bytes > w->bytes_max)
        return err_set(e, ERR_LIMIT, "%zu bytes wait for the disk", w->queued_bytes);
    return true;
}

bool writer_submit_take(struct writer *w, struct store_batch **batch, store_done_fn *done,
                        void *arg, struct err *e)
{
    struct store_batch *b = *batch;
    size_t bytes = store_batch_bytes(b);

    assert_loop(w);
    if (bytes > STORE_BATCH_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "a batch of %zu bytes", bytes);
    b->done = done;
    b->arg = arg;
    pthread_mutex_lock(&w->lock);
    if (!may_submit(w, bytes, e)) {
        pthread_mutex_unlock(&w->lock);
        return false;
    }
    move(b, BATCH_OPEN, BATCH_QUEUED);
    list_add(&w->queue, b);
    w->queued++;
    w->queued_bytes += bytes;
    unlock_and_rouse(w);
    w->pending++;
    *batch = NULL;
    return true;
}

int writer_poll_fd(const struct writer *w)
{
    return w->event_fd;
}

size_t writer_turn(struct writer *w)
{
    struct store_batch *next;
    size_t delivered = 0;
    eventfd_t seen;

    assert_loop(w);
    (void)eventfd_read(w->event_fd, &seen); /* before the list: what comes later wakes again */
    pthread_mutex_lock(&w->lock);
    next = list_take_all(&w->finished);
    pthread_mutex_unlock(&w->lock);
    while (next != NULL) {
        struct store_batch *b = next;
        const struct store_done done = {b->err, b->tenant, b->first_event, b->last_event};

        next = b->next;
        assert(w->pending > 0 && b->place == BATCH_FINISHED);
        w->pending--;
        delivered++;
        if (b->done != NULL)
            b->done(b->arg, &done);
        store_batch_free(b);
    }
    return delivered;
}

bool writer_pressed(struct writer *w)
{
    bool pressed;

    pthread_mutex_lock(&w->lock);
    pressed = w->queued > w->batches_max / 2 || w->queued_bytes > w->bytes_max / 2;
    pthread_mutex_unlock(&w->lock);
    return pressed;
}

size_t writer_pending(const struct writer *w)
{
    return w->pending;
}

bool writer_failed(struct writer *w, struct err *ret_why)
{
    bool broken;

    pthread_mutex_lock(&w->lock);
    broken = w->broken;
    if (broken && ret_why != NULL)
        *ret_why = w->why;
    pthread_mutex_unlock(&w->lock);
    return broken;
}

bool writer_blocked(struct writer *w, struct err *ret_why)
{
    bool away = atomic_load(&w->db->away), silent;

    pthread_mutex_lock(&w->lock);
    silent = w->since_ns != 0 && clock_mono_ns() - w->since_ns > SILENT_NS;
    if (away && ret_why != NULL)
        *ret_why = w->why_away;
    pthread_mutex_unlock(&w->lock);
    if (silent && !away)
        err_set(ret_why, ERR_TIMEOUT, "a group has not been answered for %d s", SILENT_S);
    return away || silent;
}

int64_t writer_held_until_us(const struct writer *w)
{
    return atomic_load(&w->db->held_until_us);
}

void writer_stats(struct writer *w, struct store_stats *ret)
{
    pthread_mutex_lock(&w->lock);
    *ret = w->stats;
    pthread_mutex_unlock(&w->lock);
}

void writer_fail_commit(struct writer *w, uint64_t nth)
{
    atomic_store(&w->fail_in, nth);
}

void writer_hold(struct writer *w, bool held)
{
    pthread_mutex_lock(&w->lock);
    w->held = held;
    unlock_and_rouse(w);
}
