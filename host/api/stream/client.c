/* client.c -- what a stream client is told next; see client.h. */
#include "api/stream/client.h"

#include "api/http/router.h"
#include "api/stream/server.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "observe/metrics.h"

#include <assert.h>
#include <string.h>

enum {
    SCANS_A_CALL = 4, /* store reads without a match before other connections get a turn */
    CLIENT_MAGIC = 0x636c6e74,
};

#define NS_PER_S 1000000000LL

static bool copy_query(const struct http_query *q, const char *name, char *out, size_t out_bytes,
                       struct err *e)
{
    const char *value = http_query_get(q, name);

    return text_copy(out, out_bytes, value != NULL ? value : "") ||
           err_set(e, ERR_INVALID, "query parameter '%s' is too long", name);
}

bool stream_query(const struct http_head *head, struct stream_filter *ret, int64_t *ret_after,
                  struct err *e)
{
    const struct http_query *q = &head->query;
    struct http_query last = {0};
    auto_mem char *piece = NULL;

    *ret = (struct stream_filter){0};
    if (!http_query_known(q, "dagId status runId after", e) ||
        !copy_query(q, "dagId", ret->dag_id, sizeof ret->dag_id, e) ||
        !copy_query(q, "runId", ret->run_id, sizeof ret->run_id, e) ||
        !copy_query(q, "status", ret->status, sizeof ret->status, e) ||
        !http_query_int(q, "after", -1, 0, JSON_SAFE_INT_MAX, ret_after, e))
        return false;
    if (*ret_after >= 0 || head->header[HTTP_HEADER_LAST_EVENT_ID] == NULL)
        return true;
    piece = mem_str(head->header[HTTP_HEADER_LAST_EVENT_ID]);
    last = (struct http_query){.item = {{.name = (char[]){"after"}, .value = piece}}, .count = 1};
    return http_query_int(&last, "after", -1, 0, JSON_SAFE_INT_MAX, ret_after, e) ||
           err_wrap(e, "Last-Event-ID");
}

struct stream_client *stream_client_new(struct stream_server *server, struct conn *conn,
                                        enum stream_kind kind, struct http_head *head)
{
    struct stream_client *c = mem_new(struct stream_client);

    c->magic = CLIENT_MAGIC;
    c->server = server;
    c->conn = conn;
    c->kind = kind;
    c->state = CLIENT_AWAITS_AUTH;
    c->head = *head;
    *head = (struct http_head){0};
    c->began_ns = c->active_ns = clock_mono_ns();
    LIST_INSERT_HEAD(&server->clients, c, link);
    metrics_set(server->opt.metrics, METRIC_STREAM_CLIENTS, METRIC_NO_LABELS,
                ++server->client_count);
    return c;
}

struct stream_client *stream_client_of(void *arg)
{
    struct stream_client *c = arg;

    assert(c->magic == CLIENT_MAGIC);
    return c;
}

void stream_client_enter(struct stream_client *c, enum client_state next)
{
    assert(next > c->state);
    c->state = next;
}

void stream_client_free(struct stream_client *c)
{
    if (c == NULL)
        return;
    assert(c->magic == CLIENT_MAGIC);
    if (!c->gone) {
        LIST_REMOVE(c, link);
        metrics_set(c->server->opt.metrics, METRIC_STREAM_CLIENTS, METRIC_NO_LABELS,
                    --c->server->client_count);
    }
    c->gone = true;
    if (c->verifying)
        return; /* on_token comes back for the rest */
    http_head_done(&c->head);
    buf_done(&c->control);
    buf_done(&c->scratch);
    store_event_list_done(&c->page);
    stream_message_done(&c->message);
    c->magic = 0;
    free(c);
}

/* ---- control messages ---- */

void stream_client_wake(struct stream_client *c)
{
    if (!c->waiting)
        c->active_ns = clock_mono_ns();
    c->waiting = true;
    c->server->opt.conn->wake(c->conn);
}

static void say(struct stream_client *c, json_t *message)
{
    assert(message != NULL);
    json_add_compact(&c->control, message);
    buf_addc(&c->control, '\n');
    json_decref(message);
}

void stream_client_say_error(struct stream_client *c, const char *code, const char *text)
{
    auto_done(buf) printable = {0};

    text_add_printable(&printable, text, strlen(text));
    say(c, json_pack("{s:s, s:s, s:s, s:I}", "type", "error", "code", code, "message",
                     buf_text(&printable), "cursor", (json_int_t)c->cursor));
}

static void say_hello(struct stream_client *c, int64_t oldest)
{
    say(c, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:i}", "type", "hello", "server",
                     "orch/" ORCH_VERSION, "tenant", c->filter.tenant, "cursor",
                     (json_int_t)c->cursor, "cursor_min", (json_int_t)oldest, "cursor_max",
                     (json_int_t)ring_head(c->server->ring), "heartbeat_s",
                     (int)c->server->opt.heartbeat_s));
}

static void close_after(struct stream_client *c, int close_code, const char *reason)
{
    stream_client_enter(c, CLIENT_CLOSING);
    c->close_code = close_code;
    metrics_add(c->server->opt.metrics, METRIC_STREAM_CLOSED, METRIC_LABELS(reason), 1);
}

/* ---- following ---- */

bool stream_client_follow(struct stream_client *c, const struct identity *who,
                          const char **ret_code, struct err *e)
{
    int64_t oldest, newest, head = ring_head(c->server->ring);

    *ret_code = "QUERY_INVALID";
    if (!stream_query(&c->head, &c->filter, &c->after, e))
        return false;
    memcpy(c->filter.tenant, who->tenant, sizeof c->filter.tenant);
    *ret_code = NULL;
    if (!store_read_event_bounds(c->server->opt.reader, &oldest, &newest, e))
        return false;
    if (c->after > (newest > head ? newest : head)) {
        *ret_code = "CURSOR_IN_FUTURE";
        return err_set(e, ERR_INVALID, "the cursor %lld is in the future; the newest is %lld",
                       (long long)c->after, (long long)head);
    }
    c->cursor = c->after >= 0 ? c->after : head;
    if (c->cursor < oldest - 1)
        c->cursor = oldest - 1;
    say_hello(c, oldest);
    if (c->after >= 0 && c->cursor > c->after)
        say(c, json_pack("{s:s, s:s, s:I, s:s}", "type", "reset", "reason",
                         "events up to this cursor are no longer kept", "cursor",
                         (json_int_t)c->cursor, "snapshot_url", API_BASE "/runs"));
    stream_client_enter(c, CLIENT_FOLLOWS);
    stream_client_wake(c);
    return true;
}

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

/* The next row of the page; its end moves the cursor behind all that was looked at. */
static const struct stream_message *next_of_page(struct stream_client *c)
{
    struct api_event event;

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
    struct err e;

    if (!store_read_events(c->server->opt.reader, &filter, from, STREAM_PAGE_ROWS, &c->page,
                           &c->page_next, &e)) {
        stream_client_say_error(c, "UNAVAILABLE", "the store cannot be read");
        close_after(c, CLOSE_INTERNAL, "store");
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
    say(c, json_pack("{s:s, s:I, s:I, s:i}", "type", "lagging", "cursor", (json_int_t)c->cursor,
                     "behind", (json_int_t)behind, "dropped", 0));
    if (behind > c->server->opt.behind_max)
        close_after(c, CLOSE_TOO_SLOW, "behind");
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

/* ---- what happens to every client ---- */

void stream_client_published(struct stream_client *c)
{
    const struct ring *ring = c->server->ring;
    int64_t cursor = c->cursor;

    if (c->state != CLIENT_FOLLOWS || c->waiting)
        return;
    if (cursor >= ring_floor(ring) && ring_next(ring, &c->filter, &cursor) == NULL)
        c->cursor = cursor;
    else
        stream_client_wake(c);
}

void stream_client_tick(struct stream_client *c, int64_t now_ns)
{
    const struct stream_options *opt = &c->server->opt;
    int64_t quiet_ns = now_ns - c->active_ns;

    if (c->state == CLIENT_AWAITS_AUTH && now_ns - c->began_ns > opt->auth_s * NS_PER_S) {
        stream_client_say_error(c, "TOKEN_REQUIRED", "no token came in time");
        close_after(c, CLOSE_UNAUTHENTICATED, "auth");
        stream_client_wake(c);
    } else if (c->waiting && quiet_ns > opt->stall_s * NS_PER_S) {
        metrics_add(c->server->opt.metrics, METRIC_STREAM_CLOSED, METRIC_LABELS("stalled"), 1);
        c->server->opt.conn->kill(c->conn);
    } else if (c->state == CLIENT_FOLLOWS && !c->waiting &&
               quiet_ns >= opt->heartbeat_s * NS_PER_S) {
        char when[CLOCK_TEXT_BYTES];

        clock_text(clock_wall_us(), when);
        say(c, json_pack("{s:s, s:I, s:s}", "type", "heartbeat", "cursor", (json_int_t)c->cursor,
                         "timestamp", when));
        stream_client_wake(c);
    }
}
