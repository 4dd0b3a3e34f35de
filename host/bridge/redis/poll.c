/* poll.c -- see poll.h. */
#include "bridge/redis/poll.h"

#include "base/mem.h"

struct polled {
    uv_poll_t handle;
    redisAsyncContext *ac; /* NULL: it is gone */
    int events;
};

/* hiredis asks the socket itself what is wrong with it. */
static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct polled *p = handle->data;

    if (status != 0)
        events = UV_READABLE | UV_WRITABLE;
    if (p->ac != NULL && (events & UV_READABLE) != 0)
        redisAsyncHandleRead(p->ac);
    if (p->ac != NULL && (events & UV_WRITABLE) != 0)
        redisAsyncHandleWrite(p->ac);
}

static void want(struct polled *p, int events)
{
    p->events = events;
    if (events == 0)
        uv_poll_stop(&p->handle);
    else
        uv_poll_start(&p->handle, events, on_poll);
}

static void add_read(void *arg)
{
    want(arg, ((struct polled *)arg)->events | UV_READABLE);
}

static void del_read(void *arg)
{
    want(arg, ((struct polled *)arg)->events & ~UV_READABLE);
}

static void add_write(void *arg)
{
    want(arg, ((struct polled *)arg)->events | UV_WRITABLE);
}

static void del_write(void *arg)
{
    want(arg, ((struct polled *)arg)->events & ~UV_WRITABLE);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void cleanup(void *arg)
{
    struct polled *p = arg;

    p->ac = NULL;
    uv_close((uv_handle_t *)&p->handle, on_closed);
}

bool redis_poll(redisAsyncContext *ac, uv_loop_t *loop)
{
    struct polled *p = mem_new(struct polled);

    if (uv_poll_init(loop, &p->handle, ac->c.fd) != 0) {
        free(p);
        return false;
    }
    p->handle.data = p;
    p->ac = ac;
    ac->ev.data = p;
    ac->ev.addRead = add_read;
    ac->ev.delRead = del_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = del_write;
    ac->ev.cleanup = cleanup;
    return true;
}
