/* events.c -- see events.h. */
#include "sandbox/client/events.h"

#include "base/mem.h"
#include "sandbox/image/plugin_info.h"

#include <unistd.h>

void events_init(struct events *events)
{
    STAILQ_INIT(&events->list);
}

static struct event *append(struct events *events, enum event_kind kind)
{
    struct event *event = mem_new(struct event);

    event->kind = kind;
    event->fd = -1;
    STAILQ_INSERT_TAIL(&events->list, event, link);
    return event;
}

void events_text(struct events *events, uint64_t attempt, enum attempt_stream stream, int32_t level,
                 struct buf *text)
{
    struct event *event = append(events, EVENT_TEXT);

    event->attempt = attempt;
    event->stream = stream;
    event->level = level;
    event->text = *text;
    *text = (struct buf){0};
}

void events_progress(struct events *events, uint64_t attempt, uint64_t done, uint64_t total,
                     struct buf *note)
{
    struct event *event = append(events, EVENT_PROGRESS);

    event->attempt = attempt;
    event->done = done;
    event->total = total;
    event->text = *note;
    *note = (struct buf){0};
}

void events_heartbeat(struct events *events, uint64_t attempt)
{
    append(events, EVENT_HEARTBEAT)->attempt = attempt;
}

void events_plugin_ready(struct events *events, const char *digest, struct plugin_info *info)
{
    struct event *event = append(events, EVENT_PLUGIN_READY);

    event->digest = mem_str(digest);
    event->info = info;
    event->info->public.digest = event->digest;
}

static void plugin_lost(struct events *events, enum event_kind kind, const char *digest,
                        const struct err *why)
{
    struct event *event = append(events, kind);

    event->digest = mem_str(digest);
    event->why = mem_dup(why, sizeof *why);
}

void events_plugin_failed(struct events *events, const char *digest, const struct err *why)
{
    plugin_lost(events, EVENT_PLUGIN_FAILED, digest, why);
}

void events_plugin_quarantined(struct events *events, const char *digest, const struct err *why)
{
    plugin_lost(events, EVENT_PLUGIN_QUARANTINED, digest, why);
}

void events_socket(struct events *events, enum event_kind kind, int fd)
{
    append(events, kind)->fd = fd;
}

struct event *events_next(struct events *events)
{
    struct event *event = STAILQ_FIRST(&events->list);

    if (event != NULL)
        STAILQ_REMOVE_HEAD(&events->list, link);
    return event;
}

void event_free(struct event *event)
{
    if (event == NULL)
        return;
    buf_done(&event->text);
    plugin_info_free(event->info);
    free(event->digest);
    free(event->why);
    if (event->fd >= 0)
        close(event->fd);
    free(event);
}

void events_done(struct events *events)
{
    struct event *event;

    while ((event = events_next(events)) != NULL)
        event_free(event);
}
