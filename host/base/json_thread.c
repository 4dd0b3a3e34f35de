/* json_thread.c -- see json_thread.h. */
#include "base/json_thread.h"

#include "base/fd.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/queue.h>

enum { READ_AHEAD_MAX = 4 };

struct job {
    STAILQ_ENTRY(job) link;
    struct json_order order;
    struct json_read read; /* the thread's until it is in finished */
};

STAILQ_HEAD(job_list, job);

struct json_thread {
    pthread_t thread;
    pthread_t loop; /* who may call json_thread_*: the thread that started it */
    int event_fd;

    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t wake;
    struct job_list queue;
    struct job_list finished;
    unsigned ahead; /* in finished */
    bool closing;
};

void json_read_done(struct json_read *read)
{
    json_decref(read->value);
    buf_done(&read->canonical);
    buf_done(&read->compact);
}

static void read_text(const struct json_order *order, struct json_read *ret)
{
    struct err e = {0};

    if (!json_parse(order->text, order->len, &order->limits, &ret->value, &ret->place, &ret->err))
        return;
    if (!order->texts)
        return;
    json_add_compact(&ret->compact, ret->value);
    if (!jcs_write(ret->value, &ret->canonical, &e))
        assert(!"what json_parse takes has a canonical form");
}

/* ---- the thread ---- */

/* NULL: closing. */
static struct job *job_wait(struct json_thread *t)
{
    struct job *job = NULL;

    pthread_mutex_lock(&t->lock);
    while (!t->closing && (STAILQ_EMPTY(&t->queue) || t->ahead == READ_AHEAD_MAX))
        pthread_cond_wait(&t->wake, &t->lock);
    if (!t->closing) {
        job = STAILQ_FIRST(&t->queue);
        STAILQ_REMOVE_HEAD(&t->queue, link);
    }
    pthread_mutex_unlock(&t->lock);
    return job;
}

static void job_post(struct json_thread *t, struct job *job)
{
    pthread_mutex_lock(&t->lock);
    STAILQ_INSERT_TAIL(&t->finished, job, link);
    t->ahead++;
    pthread_mutex_unlock(&t->lock);
    eventfd_write(t->event_fd, 1);
}

static void *thread_main(void *arg)
{
    struct json_thread *t = arg;
    struct job *job;

    while ((job = job_wait(t)) != NULL) {
        read_text(&job->order, &job->read);
        job_post(t, job);
    }
    return NULL;
}

/* ---- the loop ---- */

static void assert_loop(const struct json_thread *t)
{
    assert(pthread_equal(pthread_self(), t->loop) != 0);
}

static void thread_release(struct json_thread *t)
{
    close(t->event_fd);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* Signals are the loop's. */
static int thread_create(struct json_thread *t)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&t->thread, NULL, thread_main, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

bool json_thread_start(struct json_thread **ret, struct err *e)
{
    auto_fd event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct json_thread *t;
    int rc;

    if (event_fd < 0)
        return err_sys(e, "eventfd");
    t = mem_new(struct json_thread);
    t->loop = pthread_self();
    t->event_fd = take_fd(&event_fd);
    STAILQ_INIT(&t->queue);
    STAILQ_INIT(&t->finished);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    rc = thread_create(t);
    if (rc != 0) {
        thread_release(t);
        errno = rc;
        return err_sys(e, "start the thread that reads JSON");
    }
    *ret = t;
    return true;
}

static void jobs_free(struct job_list *list)
{
    struct job *job;

    while ((job = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        json_read_done(&job->read);
        free(job);
    }
}

void json_thread_free(struct json_thread *t)
{
    if (t == NULL)
        return;
    assert_loop(t);
    pthread_mutex_lock(&t->lock);
    t->closing = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    jobs_free(&t->queue);
    jobs_free(&t->finished);
    thread_release(t);
}

void json_thread_read(struct json_thread *t, const struct json_order *order)
{
    struct json_read read = {0};
    struct job *job;

    assert_loop(t);
    if (order->len <= JSON_AT_ONCE_BYTES_MAX) {
        read_text(order, &read);
        order->done(order->arg, &read);
        json_read_done(&read);
        return;
    }
    job = mem_new(struct job);
    job->order = *order;
    pthread_mutex_lock(&t->lock);
    STAILQ_INSERT_TAIL(&t->queue, job, link);
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

int json_thread_fd(const struct json_thread *t)
{
    return t->event_fd;
}

void json_thread_turn(struct json_thread *t)
{
    struct job_list told = STAILQ_HEAD_INITIALIZER(told);
    struct job *job;
    eventfd_t seen;

    assert_loop(t);
    (void)eventfd_read(t->event_fd, &seen); /* before the list: what comes later wakes again */
    pthread_mutex_lock(&t->lock);
    STAILQ_CONCAT(&told, &t->finished);
    t->ahead = 0;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    STAILQ_FOREACH(job, &told, link)
    job->order.done(job->order.arg, &job->read);
    jobs_free(&told);
}
