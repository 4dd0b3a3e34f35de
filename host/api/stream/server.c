/* server.c -- see server.h. */
#include "api/stream/server.h"

#include "api/stream/client.h"
#include "api/stream/ring.h"
#include "base/mem.h"
#include "observe/metrics.h"

#include <assert.h>
#include <string.h>

struct stream_server *stream_server_new(const struct stream_options *opt, int64_t newest)
{
    struct stream_server *s = mem_new(struct stream_server);

    s->opt = *opt;
    s->ring = ring_new(opt->ring_events, newest);
    LIST_INIT(&s->clients);
    return s;
}

void stream_server_free(struct stream_server *s)
{
    if (s == NULL)
        return;
    assert(LIST_EMPTY(&s->clients));
    ring_free(s->ring);
    free(s);
}

void stream_server_publish(struct stream_server *s, const struct api_event *events, size_t count)
{
    struct stream_client *c;
    size_t added = 0;

    for (size_t i = 0; i < count; i++)
        added += ring_push(s->ring, &events[i]);
    if (added == 0)
        return;
    metrics_add(s->opt.metrics, METRIC_STREAM_EVENTS, METRIC_NO_LABELS, (double)added);
    LIST_FOREACH(c, &s->clients, link)
    stream_client_published(c);
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

void stream_server_tick(struct stream_server *s, int64_t now_ns)
{
    struct stream_client *c;

    LIST_FOREACH(c, &s->clients, link)
    stream_client_tick(c, now_ns);
}
