/* fill.c -- see fill.h. */
#include "api/stream/fill.h"

#include "api/stream/client.h"
#include "api/stream/ring.h"
#include "api/stream/row.h"
#include "api/stream/server.h"
#include "base/mem.h"
#include "store/beside.h"

enum { FILL_ROWS = 256 };

/* The thread's, but for the ring, of which it sees the tenant. */
struct filling {
    struct stream_server *server;
    struct ring *ring; /* held */
    int64_t after;
    struct store_event_list page;
    bool ok;
};

static void read_now(void *arg, struct store_reader *reader)
{
    struct filling *f = arg;
    struct err e = {0};

    f->ok =
        store_read_events_after(reader, ring_tenant(f->ring), f->after, FILL_ROWS, &f->page, &e);
}

static void take_page(struct filling *f)
{
    struct api_event event;
    int64_t upto = f->after;

    for (size_t i = 0; i < f->page.count; i++) {
        if (stream_event_of_row(&f->page.rows[i], &event))
            (void)ring_fill(f->ring, &event);
        upto = f->page.rows[i].seq;
    }
    if (f->page.count == FILL_ROWS) /* there may be more than was heard of */
        ring_heard(f->ring, upto + 1);
    ring_filled(f->ring, upto);
}

static void filling_free(void *arg)
{
    struct filling *f = arg;

    ring_release(f->ring);
    store_event_list_done(&f->page);
    free(f);
}

/* A store that cannot be read is asked again with the next event, or the next tick. */
static void was_read(void *arg)
{
    struct filling *f = arg;

    if (f->ok) {
        take_page(f);
        stream_server_wake(f->server, f->ring);
        stream_fill(f->server, f->ring);
    } else {
        ring_not_filled(f->ring);
    }
    filling_free(f);
}

void stream_fill(struct stream_server *s, struct ring *r)
{
    struct filling *f;
    int64_t after;

    if (!ring_wants(r, &after))
        return;
    f = mem_new(struct filling);
    *f = (struct filling){.server = s, .ring = r, .after = after};
    beside_give(s->opt.beside, &(struct beside_work){read_now, was_read, filling_free, f});
}
