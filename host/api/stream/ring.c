/* ring.c -- see ring.h. */
#include "api/stream/ring.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

struct ring {
    struct stream_message *ring;
    uint32_t events_max;
    uint32_t first, count;
    size_t bytes;
    int64_t floor, head;
};

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void add_member(struct buf *b, const char *name, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    buf_addf(b, ",\"%s\":", name);
    buf_add_json_str(b, text, strlen(text));
}

static void about_set(char *out, size_t out_bytes, const char *text)
{
    /* An id longer than any that can be asked for fits no filter but the empty one. */
    if (!text_copy(out, out_bytes, or_empty(text)))
        out[0] = '\0';
}

void stream_message_make(const struct api_event *event, struct stream_message *ret)
{
    auto_done(buf) b = {0};
    char when[CLOCK_TEXT_BYTES];

    clock_text(event->wall_us, when);
    buf_reserve(&b, STREAM_HEADROOM + 512);
    for (int i = 0; i < STREAM_HEADROOM; i++)
        buf_addc(&b, 0);
    buf_addf(&b, "{\"type\":\"%s\",\"seq\":%lld,\"cursor\":%lld", event->type,
             (long long)event->seq, (long long)event->seq);
    add_member(&b, "tenant", event->tenant);
    add_member(&b, "dagId", event->dag_id);
    add_member(&b, "runId", event->run_id);
    add_member(&b, "status", event->status);
    add_member(&b, "timestamp", when);
    add_member(&b, "traceId", event->trace_id);
    add_member(&b, "stepId", event->step_id);
    if (event->attempt > 0)
        buf_addf(&b, ",\"attempt\":%d", event->attempt);
    if (event->payload != NULL && strlen(event->payload) <= STREAM_MESSAGE_BYTES_MAX)
        buf_addf(&b, ",\"data\":%s", event->payload);
    buf_adds(&b, "}\n");

    *ret = (struct stream_message){.seq = event->seq, .len = b.len - STREAM_HEADROOM - 1};
    about_set(ret->about.tenant, sizeof ret->about.tenant, event->tenant);
    about_set(ret->about.dag_id, sizeof ret->about.dag_id, event->dag_id);
    about_set(ret->about.run_id, sizeof ret->about.run_id, event->run_id);
    about_set(ret->about.status, sizeof ret->about.status, event->status);
    ret->room = buf_take(&b);
}

void stream_message_done(struct stream_message *m)
{
    free(m->room);
    *m = (struct stream_message){0};
}

static bool word_fits(const char *wanted, const char *is)
{
    return *wanted == '\0' || strcmp(wanted, is) == 0;
}

bool stream_filter_fits(const struct stream_filter *filter, const struct stream_filter *about)
{
    return strcmp(filter->tenant, about->tenant) == 0 && word_fits(filter->run_id, about->run_id) &&
           word_fits(filter->dag_id, about->dag_id) && word_fits(filter->status, about->status);
}

struct ring *ring_new(uint32_t events_max, int64_t floor)
{
    struct ring *s = mem_new(struct ring);

    assert(events_max > 0);
    s->ring = mem_array(events_max, struct stream_message);
    s->events_max = events_max;
    s->floor = s->head = floor;
    return s;
}

static struct stream_message *at(const struct ring *s, uint32_t index)
{
    return &s->ring[(s->first + index) % s->events_max];
}

static void drop_oldest(struct ring *s)
{
    struct stream_message *oldest = at(s, 0);

    s->floor = oldest->seq;
    s->bytes -= oldest->len;
    stream_message_done(oldest);
    s->first = (s->first + 1) % s->events_max;
    s->count--;
}

void ring_free(struct ring *s)
{
    if (s == NULL)
        return;
    while (s->count > 0)
        drop_oldest(s);
    free(s->ring);
    free(s);
}

int64_t ring_floor(const struct ring *s)
{
    return s->floor;
}

int64_t ring_head(const struct ring *s)
{
    return s->head;
}

bool ring_push(struct ring *s, const struct api_event *event)
{
    struct stream_message *m;

    if (event->seq <= s->head)
        return false;
    if (s->count == s->events_max)
        drop_oldest(s);
    m = at(s, s->count++);
    stream_message_make(event, m);
    s->bytes += m->len;
    s->head = event->seq;
    while (s->bytes > STREAM_RING_BYTES_MAX && s->count > 1)
        drop_oldest(s);
    return true;
}

/* The index of the first event above cursor; count when there is none. */
static uint32_t first_above(const struct ring *s, int64_t cursor)
{
    uint32_t low = 0, high = s->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (at(s, middle)->seq > cursor)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

const struct stream_message *ring_next(const struct ring *s, const struct stream_filter *filter,
                                       int64_t *cursor)
{
    assert(*cursor >= s->floor);
    for (uint32_t i = first_above(s, *cursor); i < s->count; i++) {
        const struct stream_message *m = at(s, i);

        if (stream_filter_fits(filter, &m->about)) {
            *cursor = m->seq;
            return m;
        }
    }
    *cursor = s->head > *cursor ? s->head : *cursor;
    return NULL;
}
