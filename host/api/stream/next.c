/* next.c -- what a client is told next: control messages, then events from the store while its
 * cursor is below the ring's floor, then from the ring; each in the form of its kind. See client.h.
 */
#include "api/stream/client.h"
#include "api/stream/control.h"
#include "api/stream/row.h"
#include "api/stream/server.h"
#include "base/mem.h"
#include "store/beside.h"

#include <string.h>

/* The next row of the page that is an event; its end moves the cursor behind all that was looked
 * at. */
static const struct stream_message *next_of_page(struct stream_client *c)
{
    struct api_event event;

    while (c->page_at < c->page.count) {
        const struct store_event *row = &c->page.rows[c->page_at++];

        c->cursor = row->seq;
        if (!stream_event_of_row(row, &event))
            continue;
        stream_message_done(&c->message);
        stream_message_make(&event, &c->message);
        return &c->message;
    }
    if (c->page_next > c->cursor)
        c->cursor = c->page_next;
    store_event_list_done(&c->page);
    c->page_at = 0;
    c->page_next = 0;
    return NULL;
}

/* The thread's, but for the client, of which it sees the filter. */
struct page_read {
    struct stream_client *client;
    int64_t from;
    int64_t floor; /* of the ring, when it was asked: the store has all up to it */
    struct store_event_list page;
    int64_t next;
    bool ok;
    struct err e;
};

static void page_read_free(struct page_read *r)
{
    store_event_list_done(&r->page);
    free(r);
}

static const char *or_any(const char *text)
{
    return *text != '\0' ? text : NULL;
}

static void read_now(void *arg, struct store_reader *reader)
{
    struct page_read *r = arg;
    const struct stream_filter *f = &r->client->filter;
    const struct store_event_filter filter = {.tenant = f->tenant,
                                              .run_id = or_any(f->run_id),
                                              .dag_id = or_any(f->dag_id),
                                              .status = or_any(f->status)};

    r->ok =
        store_read_events(reader, &filter, r->from, STREAM_PAGE_ROWS, &r->page, &r->next, &r->e);
}

static void take_page(struct stream_client *c, struct page_read *r)
{
    if (!r->ok) {
        stream_client_say_error(c, "UNAVAILABLE", "the store cannot be read");
        stream_client_close_after(c, CLOSE_INTERNAL, "store");
        return;
    }
    c->page = r->page;
    r->page = (struct store_event_list){0};
    /* Nothing more in the store: the ring has what comes. */
    c->page_next = c->page.count == 0 && r->next <= r->from ? r->floor : r->next;
}

static void was_read(void *arg)
{
    struct page_read *r = arg;
    struct stream_client *c = stream_client_of(r->client);

    c->busy = false;
    if (c->gone) {
        stream_client_free(c);
    } else if (c->state == CLIENT_FOLLOWS) {
        take_page(c, r);
        stream_client_wake(c);
    }
    page_read_free(r);
}

static void not_read(void *arg)
{
    struct page_read *r = arg;

    r->client->busy = false;
    stream_client_free(r->client);
    page_read_free(r);
}

/* Beside the loop; the client is asked again when the page is there. */
static void read_page(struct stream_client *c)
{
    struct page_read *r = mem_new(struct page_read);

    *r = (struct page_read){.client = c, .from = c->cursor, .floor = ring_floor(c->ring)};
    c->busy = true;
    beside_give(c->server->opt.beside, &(struct beside_work){read_now, was_read, not_read, r});
}

/* A client that had caught up fell out of the ring: it hears so, and goes on from the store. */
static void note_lag(struct stream_client *c)
{
    int64_t behind = ring_head(c->ring) - c->cursor;

    if (!c->live)
        return;
    c->live = false;
    stream_client_say(c,
                      json_pack("{s:s, s:I, s:I, s:i}", "type", "lagging", "cursor",
                                (json_int_t)c->cursor, "behind", (json_int_t)behind, "dropped", 0));
    if (behind > c->server->opt.behind_max)
        stream_client_close_after(c, CLOSE_TOO_SLOW, "behind");
}

static const struct stream_message *next_event(struct stream_client *c)
{
    const struct stream_message *m;

    if (c->cursor < ring_floor(c->ring) || c->page.count > 0) {
        note_lag(c);
        if (c->control.len > 0)
            return NULL; /* the notice goes first */
        m = next_of_page(c);
        if (m != NULL)
            return m;
    }
    if (c->cursor < ring_floor(c->ring)) {
        if (!c->busy)
            read_page(c);
        return NULL;
    }
    m = ring_next(c->ring, &c->filter, &c->cursor);
    c->live = c->live || m == NULL;
    return m;
}

/* ---- framing ---- */

static void from_scratch(const struct stream_client *c, const char **ret, size_t *ret_len)
{
    *ret = c->scratch.data;
    *ret_len = c->scratch.len;
}

static void take_control(struct stream_client *c, const char **ret, size_t *ret_len)
{
    size_t line = (size_t)((char *)memchr(c->control.data, '\n', c->control.len) - c->control.data);

    buf_clear(&c->scratch);
    if (c->kind == STREAM_SSE)
        buf_adds(&c->scratch, "data: ");
    buf_add(&c->scratch, c->control.data, line);
    if (c->kind != STREAM_WS)
        buf_adds(&c->scratch, c->kind == STREAM_SSE ? "\n\n" : "\n");
    buf_cut(&c->control, line + 1);
    from_scratch(c, ret, ret_len);
}

/* WebSocket and NDJSON clients share the message's own bytes. */
static void take_event(struct stream_client *c, const struct stream_message *m, const char **ret,
                       size_t *ret_len)
{
    if (c->kind != STREAM_SSE) {
        *ret = m->text;
        *ret_len = m->len + (c->kind == STREAM_NDJSON);
        return;
    }
    buf_clear(&c->scratch);
    buf_addf(&c->scratch, "id: %lld\ndata: ", (long long)m->seq);
    buf_add(&c->scratch, m->text, m->len);
    buf_adds(&c->scratch, "\n\n");
    from_scratch(c, ret, ret_len);
}

bool stream_client_next(struct stream_client *c, const char **ret, size_t *ret_len)
{
    const struct stream_message *m = NULL;

    if (c->control.len == 0 && c->state == CLIENT_FOLLOWS)
        m = next_event(c);
    if (c->control.len > 0 && m == NULL) {
        take_control(c, ret, ret_len);
        return true;
    }
    if (m != NULL) {
        take_event(c, m, ret, ret_len);
        return true;
    }
    c->waiting = false;
    return false;
}

void stream_client_wrote(struct stream_client *c, int64_t now_ns)
{
    c->active_ns = now_ns;
}
