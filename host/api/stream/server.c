/* server.c -- see server.h. */
#include "api/stream/server.h"

#include "api/stream/client.h"
#include "api/stream/fill.h"
#include "api/stream/ring.h"
#include "base/mem.h"
#include "observe/metrics.h"

#include <assert.h>
#include <string.h>

struct stream_server *stream_server_new(const struct stream_options *opt)
{
    struct stream_server *s = mem_new(struct stream_server);

    s->opt = *opt;
    s->rings = rings_new(opt->ring_events);
    LIST_INIT(&s->clients);
    return s;
}

void stream_server_free(struct stream_server *s)
{
    if (s == NULL)
        return;
    assert(LIST_EMPTY(&s->clients));
    rings_free(s->rings);
    free(s);
}

void stream_server_wake(struct stream_server *s, const struct ring *r)
{
    struct stream_client *c;

    LIST_FOREACH(c, &s->clients, link)
    {
        if (c->ring == r)
            stream_client_published(c);
    }
}

void stream_server_publish(struct stream_server *s, const struct api_event *events, size_t count)
{
    struct ring *r = rings_find(s->rings, events[0].tenant);
    size_t added = 0;

    metrics_add(s->opt.metrics, METRIC_STREAM_EVENTS, METRIC_NO_LABELS, (double)count);
    if (r == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        added += ring_push(r, &events[i]);
    if (added > 0)
        stream_server_wake(s, r);
    stream_fill(s, r);
}

void stream_server_passed(struct stream_server *s, const char *tenant, int64_t first, int64_t last)
{
    struct ring *r = rings_find(s->rings, tenant);

    if (r == NULL)
        return;
    ring_pass(r, first, last);
    stream_fill(s, r);
}

void stream_server_heard(struct stream_server *s, const char *tenant, int64_t number)
{
    struct ring *r = rings_find(s->rings, tenant);

    if (r == NULL)
        return;
    ring_heard(r, number);
    stream_fill(s, r);
}

static void look(void *arg, struct ring *r)
{
    ring_heard(r, ring_head(r) + 1);
    stream_fill(arg, r);
}

void stream_server_look(struct stream_server *s)
{
    rings_each(s->rings, look, s);
}

void stream_server_revoke(struct stream_server *s, const char *token_id)
{
    struct stream_client *c;

    LIST_FOREACH(c, &s->clients, link)
    {
        if (strcmp(c->token_id, token_id) == 0)
            stream_client_revoked(c);
    }
}

/* What could not be read before. */
static void fill(void *arg, struct ring *r)
{
    stream_fill(arg, r);
}

void stream_server_tick(struct stream_server *s, int64_t now_ns)
{
    struct stream_client *c;

    LIST_FOREACH(c, &s->clients, link)
    stream_client_tick(c, now_ns);
    rings_each(s->rings, fill, s);
}
