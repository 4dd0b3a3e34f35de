/* json_thread.c -- see json_thread.h. */
#include "base/json_thread.h"

#include "base/mem.h"
#include "base/work_pool.h"

#include <assert.h>

enum { READ_AHEAD_MAX = 4 };

struct job {
    struct json_order order;
    struct json_read read; /* the thread's until it is told */
};

/* A pool of one: texts are told in the order in which they were given. */
struct json_thread {
    struct work_pool *pool;
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

static void job_run(void *arg, unsigned worker unused_arg)
{
    struct job *job = arg;

    read_text(&job->order, &job->read);
}

static void job_drop(void *arg)
{
    struct job *job = arg;

    json_read_done(&job->read);
    free(job);
}

static void job_done(void *arg)
{
    struct job *job = arg;

    job->order.done(job->order.arg, &job->read);
    job_drop(job);
}

bool json_thread_start(struct json_thread **ret, struct err *e)
{
    struct work_pool *pool;

    if (!work_pool_start(1, READ_AHEAD_MAX, &pool, e))
        return err_wrap(e, "reader of JSON");
    *ret = mem_new(struct json_thread);
    (*ret)->pool = pool;
    return true;
}

void json_thread_free(struct json_thread *t)
{
    if (t == NULL)
        return;
    work_pool_free(t->pool);
    free(t);
}

void json_thread_read(struct json_thread *t, const struct json_order *order)
{
    struct json_read read = {0};
    struct job *job;

    if (order->len <= JSON_AT_ONCE_BYTES_MAX) {
        read_text(order, &read);
        order->done(order->arg, &read);
        json_read_done(&read);
        return;
    }
    job = mem_new(struct job);
    job->order = *order;
    work_pool_give(t->pool, &(struct work){job_run, job_done, job_drop, job});
}

int json_thread_fd(const struct json_thread *t)
{
    return work_pool_fd(t->pool);
}

void json_thread_turn(struct json_thread *t)
{
    work_pool_turn(t->pool);
}
