/* next.c -- what a client is told next: control messages, then events from the store while its
 * cursor is below the ring's floor, then from the ring; each in the form of its kind. See client.h.
 */
#include "api/stream/client.h"
#include "api/stream/control.h"
#include "api/stream/server.h"
#include "model/ledger/event.h"

#include <string.h>

enum { SCANS_A_CALL = 4 }; /* store reads without a match before other connections get a turn */

static struct api_event event_of_row(const struct store_event *row)
{
    return (struct api_event){.seq = row->seq,
                              .tenant = row->tenant,
                              .dag_id = row->dag_id,
                              .run_id = row->run_id,
                              .type = row->type,
                              .status = row->status,
                              .trace_id = row->trace_id,
                              .step_id = row->node_id,
                              .attempt = (int32_t)row->attempt,
                              .wall_us = row->at_us,
                              .payload = row->payload};
}

/* Entries of the ledger that are no run's event: for who reads the ledger, not for the stream. */
static void pass_entries(struct stream_client *c)
{
    while (c->page_at < c->page.count &&
           strncmp(c->page.rows[c->page_at].type, EVENT_ENTRY, strlen(EVENT_ENTRY)) == 0)
        c->cursor = c->page.rows[c->page_at++].seq;
}

/* The next row of the page; its end moves the cursor behind all that was looked at. */
static const struct stream_message *next_of_page(struct stream_client *c)
{
    struct api_event event;

    pass_entries(c);
    if (c->page_at == c->page.count) {
        if (c->page_next > c->cursor)
            c->cursor = c->page_next;
        store_event_list_done(&c->page);
        c->page_at = 0;
        c->page_next = 0;
        return NULL;
    }
    event = event_of_row(&c->page.rows[c->page_at++]);
    stream_message_done(&c->message);
    stream_message_make(&event, &c->message);
    c->cursor = event.seq;
    return &c->message;
}

static bool read_page(struct stream_client *c)
{
    struct store_event_filter filter = {
        .tenant = c->filter.tenant,
        .run_id = *c->filter.run_id != '\0' ? c->filter.run_id : NULL,
        .dag_id = *c->filter.dag_id != '\0' ? c->filter.dag_id : NULL,
        .status = *c->filter.status != '\0' ? c->filter.status : NULL,
    };
    int64_t floor = ring_floor(c->server->ring), from = c->cursor;
    struct err e = {0};

    if (!store_read_events(c->server->opt.reader, &filter, from, STREAM_PAGE_ROWS, &c->page,
                           &c->page_next, &e)) {
        stream_client_say_error(c, "UNAVAILABLE", "the store cannot be read");
        stream_client_close_after(c, CLOSE_INTERNAL, "store");
        return false;
    }
    /* Nothing more in the store: the ring has what comes. */
    if (c->page.count == 0 && c->page_next <= from)
        c->page_next = floor;
    return true;
}

/* A client that had caught up fell out of the ring: it hears so, and goes on from the store. */
static void note_lag(struct stream_client *c)
{
    int64_t behind = ring_head(c->server->ring) - c->cursor;

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

    for (int scans = 0; c->cursor < ring_floor(c->server->ring) || c->page.count > 0; scans++) {
        note_lag(c);
        if (c->control.len > 0)
            return NULL; /* the notice goes first */
        m = next_of_page(c);
        if (m != NULL)
            return m;
        if (c->cursor >= ring_floor(c->server->ring))
            break;
        if (scans == SCANS_A_CALL) {
            c->server->opt.conn->wake(c->conn);
            return NULL;
        }
        if (!read_page(c))
            return NULL;
    }
    m = ring_next(c->server->ring, &c->filter, &c->cursor);
    c->live = c->live || m == NULL;
    return m;
}

/* ---- framing ---- */

static void frame_begin(struct stream_client *c)
{
    static const char headroom[STREAM_HEADROOM];

    buf_clear(&c->scratch);
    buf_add(&c->scratch, headroom, sizeof headroom);
}

static void frame_end(struct stream_client *c, char **ret, size_t *ret_len)
{
    *ret = c->scratch.data + STREAM_HEADROOM;
    *ret_len = c->scratch.len - STREAM_HEADROOM;
}

static void take_control(struct stream_client *c, char **ret, size_t *ret_len)
{
    size_t line = (size_t)((char *)memchr(c->control.data, '\n', c->control.len) - c->control.data);

    frame_begin(c);
    if (c->kind == STREAM_SSE)
        buf_adds(&c->scratch, "data: ");
    buf_add(&c->scratch, c->control.data, line);
    if (c->kind != STREAM_WS)
        buf_adds(&c->scratch, c->kind == STREAM_SSE ? "\n\n" : "\n");
    buf_cut(&c->control, line + 1);
    frame_end(c, ret, ret_len);
}

/* WebSocket and NDJSON clients share the message's own bytes. */
static void take_event(struct stream_client *c, const struct stream_message *m, char **ret,
                       size_t *ret_len)
{
    if (c->kind != STREAM_SSE) {
        *ret = stream_message_text(m);
        *ret_len = m->len + (c->kind == STREAM_NDJSON);
        return;
    }
    frame_begin(c);
    buf_addf(&c->scratch, "id: %lld\ndata: ", (long long)m->seq);
    buf_add(&c->scratch, stream_message_text(m), m->len);
    buf_adds(&c->scratch, "\n\n");
    frame_end(c, ret, ret_len);
}

bool stream_client_next(struct stream_client *c, char **ret, size_t *ret_len)
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
