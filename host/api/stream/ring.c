/* ring.c -- see ring.h. */
#include "api/stream/ring.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>
#include <uthash.h>

enum { MEMBERS_BYTES_USUAL = 448 }; /* beside its data */

struct ring {
    struct rings *all;
    struct stream_message *messages; /* room of them, from first on, around the end */
    uint32_t room, first, count;
    int64_t floor, head;
    int64_t known;               /* the ledger's newest number that was heard of */
    int64_t read_from, read_for; /* while the store is read: known before it was */
    bool is_read;
    unsigned holders;
    UT_hash_handle hh;
    char tenant[];
};

struct rings {
    struct ring *by_tenant;
    struct ring **order; /* whose the messages are, as they came: events_max, around the end */
    uint32_t events_max, first, count;
    size_t bytes;
};

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void add_member(struct buf *b, const char *name, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    buf_adds(b, ",\"");
    buf_adds(b, name);
    buf_adds(b, "\":");
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
    size_t payload_bytes = event->payload != NULL ? strlen(event->payload) : 0;
    size_t data_bytes = payload_bytes <= STREAM_MESSAGE_BYTES_MAX ? payload_bytes : 0;
    auto_done(buf) b = {0};
    char when[CLOCK_TEXT_BYTES];

    clock_text(event->wall_us, when);
    buf_reserve(&b, MEMBERS_BYTES_USUAL + data_bytes);
    buf_adds(&b, "{\"type\":\"");
    buf_adds(&b, event->type);
    buf_adds(&b, "\",\"seq\":");
    buf_add_int(&b, event->seq);
    buf_adds(&b, ",\"cursor\":");
    buf_add_int(&b, event->seq);
    add_member(&b, "tenant", event->tenant);
    add_member(&b, "dagId", event->dag_id);
    add_member(&b, "runId", event->run_id);
    add_member(&b, "status", event->status);
    add_member(&b, "timestamp", when);
    add_member(&b, "traceId", event->trace_id);
    add_member(&b, "stepId", event->step_id);
    if (event->attempt > 0) {
        buf_adds(&b, ",\"attempt\":");
        buf_add_int(&b, event->attempt);
    }
    if (data_bytes > 0) {
        buf_adds(&b, ",\"data\":");
        buf_add(&b, event->payload, data_bytes);
    }
    buf_adds(&b, "}\n");

    *ret = (struct stream_message){.seq = event->seq, .len = b.len - 1};
    about_set(ret->about.tenant, sizeof ret->about.tenant, event->tenant);
    about_set(ret->about.dag_id, sizeof ret->about.dag_id, event->dag_id);
    about_set(ret->about.run_id, sizeof ret->about.run_id, event->run_id);
    about_set(ret->about.status, sizeof ret->about.status, event->status);
    ret->text = buf_take(&b);
}

void stream_message_done(struct stream_message *m)
{
    free(m->text);
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

struct rings *rings_new(uint32_t events_max)
{
    struct rings *all = mem_new(struct rings);

    assert(events_max > 0);
    all->events_max = events_max;
    all->order = mem_array(events_max, struct ring *);
    return all;
}

static struct stream_message *at(const struct ring *r, uint32_t index)
{
    assert(r->room > 0);
    return &r->messages[(r->first + index) % r->room];
}

/* Of the ring; its place in the order of all is the caller's. */
static void drop_first(struct ring *r)
{
    struct stream_message *oldest = at(r, 0);

    r->all->bytes -= oldest->len;
    r->floor = oldest->seq;
    r->first = (r->first + 1) % r->room;
    r->count--;
    stream_message_done(oldest);
}

static void drop_oldest(struct rings *all)
{
    struct ring *r = all->order[all->first];

    all->first = (all->first + 1) % all->events_max;
    all->count--;
    drop_first(r);
}

void rings_free(struct rings *all)
{
    if (all == NULL)
        return;
    assert(all->by_tenant == NULL);
    free(all->order);
    free(all);
}

struct ring *rings_find(const struct rings *all, const char *tenant)
{
    struct ring *r;

    HASH_FIND_STR(all->by_tenant, tenant, r);
    return r;
}

struct ring *rings_hold(struct rings *all, const char *tenant, int64_t newest)
{
    struct ring *r = rings_find(all, tenant);
    size_t bytes = strlen(tenant) + 1;

    if (r == NULL) {
        r = mem_zero(1, sizeof *r + bytes);
        r->all = all;
        r->floor = r->head = r->known = newest;
        memcpy(r->tenant, tenant, bytes);
        HASH_ADD_STR(all->by_tenant, tenant, r);
    }
    ring_heard(r, newest);
    r->holders++;
    return r;
}

/* The others' places close up. */
static void leave_order(struct ring *r)
{
    struct rings *all = r->all;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < all->count; i++) {
        struct ring *of = all->order[(all->first + i) % all->events_max];

        if (of != r)
            all->order[(all->first + kept++) % all->events_max] = of;
    }
    all->count = kept;
}

void ring_release(struct ring *r)
{
    if (r == NULL || --r->holders > 0)
        return;
    if (r->count > 0)
        leave_order(r);
    while (r->count > 0)
        drop_first(r);
    HASH_DEL(r->all->by_tenant, r);
    free(r->messages);
    free(r);
}

void rings_each(struct rings *all, void (*fn)(void *arg, struct ring *r), void *arg)
{
    for (struct ring *r = all->by_tenant; r != NULL; r = r->hh.next)
        fn(arg, r);
}

const char *ring_tenant(const struct ring *r)
{
    return r->tenant;
}

int64_t ring_floor(const struct ring *r)
{
    return r->floor;
}

int64_t ring_head(const struct ring *r)
{
    return r->head;
}

static void make_room(struct ring *r)
{
    uint32_t room = r->room > 0 ? 2 * r->room : 16;
    struct stream_message *messages;

    if (r->count < r->room)
        return;
    messages = mem_array(room, struct stream_message);
    for (uint32_t i = 0; i < r->count; i++)
        messages[i] = *at(r, i);
    free(r->messages);
    r->messages = messages;
    r->room = room;
    r->first = 0;
}

static void append(struct ring *r, const struct api_event *event)
{
    struct rings *all = r->all;
    struct stream_message *m;

    if (all->count == all->events_max)
        drop_oldest(all);
    make_room(r);
    assert(r->count < r->room && all->count < all->events_max);
    m = at(r, r->count++);
    stream_message_make(event, m);
    r->head = event->seq;
    all->order[(all->first + all->count++) % all->events_max] = r;
    all->bytes += m->len;
    while (all->bytes > STREAM_RING_BYTES_MAX && all->count > 1)
        drop_oldest(all);
}

bool ring_push(struct ring *r, const struct api_event *event)
{
    if (event->seq == r->head + 1) {
        append(r, event);
        return true;
    }
    ring_heard(r, event->seq);
    return false;
}

void ring_pass(struct ring *r, int64_t first, int64_t last)
{
    if (first <= r->head + 1 && last > r->head)
        r->head = last;
    else
        ring_heard(r, last);
}

void ring_heard(struct ring *r, int64_t number)
{
    if (number > r->known)
        r->known = number;
}

bool ring_wants(struct ring *r, int64_t *ret_after)
{
    if (r->is_read || r->known <= r->head)
        return false;
    r->is_read = true;
    r->holders++;
    r->read_for = r->known;
    *ret_after = r->read_from = r->head;
    return true;
}

bool ring_fill(struct ring *r, const struct api_event *event)
{
    if (event->seq <= r->head)
        return false;
    append(r, event);
    return true;
}

/* What was committed before it was read is in it: a number beyond, heard before, is not true. */
void ring_filled(struct ring *r, int64_t upto)
{
    r->is_read = false;
    ring_pass(r, r->read_from, upto);
    if (upto == r->read_from && r->known == r->read_for)
        r->known = r->head;
}

void ring_not_filled(struct ring *r)
{
    r->is_read = false;
}

/* The index of the first event above cursor; count when there is none. */
static uint32_t first_above(const struct ring *r, int64_t cursor)
{
    uint32_t low = 0, high = r->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (at(r, middle)->seq > cursor)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

const struct stream_message *ring_next(const struct ring *r, const struct stream_filter *filter,
                                       int64_t *cursor)
{
    assert(*cursor >= r->floor);
    for (uint32_t i = first_above(r, *cursor); i < r->count; i++) {
        const struct stream_message *m = at(r, i);

        if (stream_filter_fits(filter, &m->about)) {
            *cursor = m->seq;
            return m;
        }
    }
    *cursor = r->head > *cursor ? r->head : *cursor;
    return NULL;
}
