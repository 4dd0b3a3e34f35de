/* client.c -- the life of a stream client: made, let in, reminded, freed; see client.h. */
#include "api/stream/client.h"

#include "api/auth/tokens.h"
#include "api/http/router.h"
#include "api/stream/control.h"
#include "api/stream/fill.h"
#include "api/stream/server.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/words/states.h"
#include "observe/metrics.h"

#include <assert.h>
#include <string.h>
#include <time.h>

enum { CLIENT_MAGIC = 0x636c6e74 };

#define NS_PER_S 1000000000LL

static bool copy_query(const struct http_query *q, const char *name, char *out, size_t out_bytes,
                       struct err *e)
{
    const char *value = http_query_get(q, name);

    return text_copy(out, out_bytes, value != NULL ? value : "") ||
           err_set(e, ERR_INVALID, "query parameter '%s' is too long", name);
}

/* What an event may say: the states of runs and nodes, and what an operator or a start did. */
static bool status_known(const char *word, struct err *e)
{
    static const char *const more[] = {STATUS_READY,    STATUS_QUEUED,       STATUS_PAUSED,
                                       STATUS_STOPPING, STATUS_COMPENSATING, "cancelling",
                                       "pausing",       "unpausing",         "resumed",
                                       "recovered"};

    if (*word == '\0' || store_run_status_parse(word) != STORE_RUN_INVALID ||
        store_node_status_parse(word) != STORE_NODE_INVALID)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(more); i++) {
        if (strcmp(word, more[i]) == 0)
            return true;
    }
    return err_set(e, ERR_INVALID,
                   "query parameter 'status': no event is ever '%s'; a run or step is pending, "
                   "running, completed, failed, cancelled, skipped, timed_out, retrying or paused",
                   word);
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
        !status_known(ret->status, e) ||
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

void stream_client_free(struct stream_client *c)
{
    if (c == NULL)
        return;
    assert(c->magic == CLIENT_MAGIC);
    if (!c->gone) {
        LIST_REMOVE(c, link);
        ring_release(c->ring);
        metrics_set(c->server->opt.metrics, METRIC_STREAM_CLIENTS, METRIC_NO_LABELS,
                    --c->server->client_count);
    }
    c->gone = true;
    if (c->busy)
        return; /* what it waits for comes back for the rest */
    http_head_done(&c->head);
    buf_done(&c->control);
    buf_done(&c->scratch);
    store_event_list_done(&c->page);
    stream_message_done(&c->message);
    c->magic = 0;
    free(c);
}

static void say_hello(struct stream_client *c, int64_t oldest, int64_t newest)
{
    stream_client_say(c, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:i}", "type", "hello", "server",
                                   "orch/" ORCH_VERSION, "tenant", c->filter.tenant, "cursor",
                                   (json_int_t)c->cursor, "cursor_min", (json_int_t)oldest,
                                   "cursor_max", (json_int_t)newest, "heartbeat_s",
                                   (int)c->server->opt.heartbeat_s));
}

/* ---- following ---- */

/* A run has its first event from the commit on that made it. */
static bool run_known(struct stream_client *c, struct err *e)
{
    auto_done(store_event_list) last = {0};

    if (*c->filter.run_id == '\0')
        return true;
    return store_read_last_event(c->server->opt.reader, c->filter.tenant, c->filter.run_id, &last,
                                 e) &&
           (last.count > 0 || err_set(e, ERR_NOT_FOUND, "query parameter 'runId': Run not found"));
}

bool stream_client_follow(struct stream_client *c, const struct identity *who,
                          const char **ret_code, struct err *e)
{
    int64_t oldest, newest;

    *ret_code = "TOKEN_INVALID";
    if (tokens_revoked(c->server->opt.tokens, who->claims.token_id))
        return err_set(e, ERR_UNAUTHENTICATED, "the token was revoked");
    *ret_code = "QUERY_INVALID";
    if (!stream_query(&c->head, &c->filter, &c->after, e))
        return false;
    memcpy(c->filter.tenant, who->tenant, sizeof c->filter.tenant);
    *ret_code = "RUN_NOT_FOUND";
    if (!run_known(c, e))
        return false;
    *ret_code = NULL;
    if (!store_read_event_bounds(c->server->opt.reader, c->filter.tenant, &oldest, &newest, e))
        return false;
    if (c->after > newest) {
        *ret_code = "CURSOR_IN_FUTURE";
        return err_set(e, ERR_INVALID, "the cursor %lld is in the future; the newest is %lld",
                       (long long)c->after, (long long)newest);
    }
    c->expires_unix = who->claims.expires_unix;
    memcpy(c->token_id, who->claims.token_id, sizeof c->token_id);
    c->ring = rings_hold(c->server->rings, c->filter.tenant, newest);
    stream_fill(c->server, c->ring);
    c->cursor = c->after >= 0 ? c->after : newest;
    if (c->cursor < oldest - 1)
        c->cursor = oldest - 1;
    say_hello(c, oldest, newest);
    if (c->after >= 0 && c->cursor > c->after)
        stream_client_say(c, json_pack("{s:s, s:s, s:I, s:s}", "type", "reset", "reason",
                                       "events up to this cursor are no longer kept", "cursor",
                                       (json_int_t)c->cursor, "snapshot_url", API_BASE "/runs"));
    stream_client_enter(c, CLIENT_FOLLOWS);
    stream_client_wake(c);
    return true;
}

/* ---- what happens to every client ---- */

void stream_client_published(struct stream_client *c)
{
    const struct ring *ring = c->ring;
    int64_t cursor = c->cursor;

    if (c->state != CLIENT_FOLLOWS || c->waiting || c->busy)
        return;
    if (cursor >= ring_floor(ring) && ring_next(ring, &c->filter, &cursor) == NULL)
        c->cursor = cursor;
    else
        stream_client_wake(c);
}

static void close_unauthenticated(struct stream_client *c, const char *code, const char *text)
{
    stream_client_say_error(c, code, text);
    stream_client_close_after(c, CLOSE_UNAUTHENTICATED, "auth");
    stream_client_wake(c);
}

void stream_client_revoked(struct stream_client *c)
{
    if (c->state == CLIENT_FOLLOWS)
        close_unauthenticated(c, "TOKEN_INVALID", "the token was revoked");
}

void stream_client_tick(struct stream_client *c, int64_t now_ns)
{
    const struct stream_options *opt = &c->server->opt;
    int64_t quiet_ns = now_ns - c->active_ns;

    if (c->state == CLIENT_AWAITS_AUTH && now_ns - c->began_ns > opt->auth_s * NS_PER_S) {
        close_unauthenticated(c, "TOKEN_REQUIRED", "no token came in time");
    } else if (c->state == CLIENT_FOLLOWS && time(NULL) >= c->expires_unix) {
        close_unauthenticated(c, "TOKEN_INVALID", "the token has expired; go on with a new one");
    } else if (c->waiting && quiet_ns > opt->stall_s * NS_PER_S) {
        metrics_add(c->server->opt.metrics, METRIC_STREAM_CLOSED, METRIC_LABELS("stalled"), 1);
        c->server->opt.conn->kill(c->conn);
    } else if (c->state == CLIENT_FOLLOWS && !c->waiting &&
               quiet_ns >= opt->heartbeat_s * NS_PER_S) {
        char when[CLOCK_TEXT_BYTES];

        clock_text(clock_wall_us(), when);
        stream_client_say(c, json_pack("{s:s, s:I, s:s}", "type", "heartbeat", "cursor",
                                       (json_int_t)c->cursor, "timestamp", when));
        stream_client_wake(c);
    }
}
