/* control.c -- see control.h. */
#include "api/stream/control.h"

#include "api/stream/client.h"
#include "api/stream/server.h"
#include "base/clock.h"
#include "base/text.h"
#include "observe/metrics.h"

#include <assert.h>
#include <string.h>

void stream_client_enter(struct stream_client *c, enum client_state next)
{
    assert(next > c->state);
    c->state = next;
}

void stream_client_wake(struct stream_client *c)
{
    if (!c->waiting)
        c->active_ns = clock_mono_ns();
    c->waiting = true;
    c->server->opt.conn->wake(c->conn);
}

void stream_client_say(struct stream_client *c, json_t *message)
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
    stream_client_say(c, json_pack("{s:s, s:s, s:s, s:I}", "type", "error", "code", code, "message",
                                   buf_text(&printable), "cursor", (json_int_t)c->cursor));
}

void stream_client_close_after(struct stream_client *c, int close_code, const char *reason)
{
    stream_client_enter(c, CLIENT_CLOSING);
    c->close_code = close_code;
    metrics_add(c->server->opt.metrics, METRIC_STREAM_CLOSED, METRIC_LABELS(reason), 1);
}
