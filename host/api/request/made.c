/* made.c -- see made.h. */
#include "api/request/made.h"

#include "base/mem.h"

#include <assert.h>

struct making {
    struct api_request *req;
    struct make make;
    struct made made;
    bool ok;
    struct err e;
};

static void making_free(void *arg)
{
    struct making *m = arg;

    buf_done(&m->made.body);
    json_decref(m->made.faults);
    if (m->make.free != NULL)
        m->make.free(m->make.arg);
    free(m);
}

static void make_now(void *arg, unsigned worker)
{
    struct making *m = arg;

    m->ok = m->make.fn(m->req, m->make.arg, m->req->server->opt.readers[worker], &m->made, &m->e);
}

static void send_made(void *arg)
{
    struct making *m = arg;
    struct api_request *req = request_of(m->req);

    if (m->make.told != NULL)
        m->make.told(req, &m->made);
    if (m->ok)
        api_reply_text(req, m->make.status, &m->made.body);
    else
        api_reply_error(req, &m->e, m->made.code);
    making_free(m);
}

void api_reply_made(struct api_request *req, const struct make *make)
{
    struct making *m = mem_new(struct making);

    assert(make->status != 0);
    *m = (struct making){.req = req, .make = *make};
    work_pool_give(req->server->opt.work, &(struct work){make_now, send_made, making_free, m});
}
