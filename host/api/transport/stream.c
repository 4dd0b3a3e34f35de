/* stream.c -- carries a stream client: as WebSocket frames, or as the NDJSON or SSE body of a plain
 * answer; see conn.h. What to say is the business of api/stream/client.c.
 *
 * A client asks to be written to (wake) and is asked for its next bytes when lws says that the
 * socket takes some. Both ends may want to go first: the client closes after what it queued, the
 * peer at any time, and then conn_clear takes the client away. */
#include "api/stream/client.h"

#include "api/transport/conn.h"
#include "base/clock.h"

#include <string.h>

enum { MESSAGES_A_TURN = 64, CLOSE_WAIT_S = 2 };

static int write_now(struct conn *c, enum lws_write_protocol how, char *bytes, size_t len)
{
    return lws_write(c->wsi, (unsigned char *)bytes, len, how) < 0 ? -1 : 0;
}

/* The close frame is written by hand: with libuv, 4.1.6 drops the connection before it sends the
 * one of lws_close_reason. The peer's own close frame, or the timeout, ends the connection. */
static int close_ws(struct conn *c)
{
    int code = c->client->close_code;
    char frame[LWS_PRE + 4];

    if (c->close_sent)
        return 0;
    frame[LWS_PRE] = (char)0x88; /* final, opcode close (RFC 6455 5.2) */
    frame[LWS_PRE + 1] = 2;
    frame[LWS_PRE + 2] = (char)(code >> 8);
    frame[LWS_PRE + 3] = (char)(code & 0xff);
    if (write_now(c, LWS_WRITE_RAW, frame + LWS_PRE, 4) < 0)
        return -1;
    c->close_sent = true;
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_CLOSE_ACK, CLOSE_WAIT_S);
    return 0;
}

/* A stream ends when its client says so, after everything queued went out. */
static int end_of_stream(struct conn *c)
{
    if (lws_partial_buffered(c->wsi)) {
        lws_callback_on_writable(c->wsi);
        return 0;
    }
    return c->client->kind == STREAM_WS ? close_ws(c) : -1;
}

static int pump(struct conn *c, enum lws_write_protocol how)
{
    char *bytes;
    size_t len;

    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        if (lws_send_pipe_choked(c->wsi)) {
            lws_callback_on_writable(c->wsi);
            return 0;
        }
        if (!stream_client_next(c->client, &bytes, &len))
            return c->client->state == CLIENT_CLOSING ? end_of_stream(c) : 0;
        if (write_now(c, how, bytes, len) < 0)
            return -1;
        stream_client_wrote(c->client, clock_mono_ns());
    }
    lws_callback_on_writable(c->wsi);
    return 0;
}

int stream_writeable(struct conn *c)
{
    lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
    return pump(c, LWS_WRITE_HTTP);
}

int ws_writeable(struct conn *c)
{
    return c->client != NULL ? pump(c, LWS_WRITE_TEXT) : -1;
}

bool stream_begin(struct conn *c, struct buf *wire, const char *content_type,
                  struct http_head *asked, const struct identity *who, const char **ret_code,
                  struct err *e)
{
    enum stream_kind kind =
        strcmp(content_type, "text/event-stream") == 0 ? STREAM_SSE : STREAM_NDJSON;
    struct stream_client *client = stream_client_new(c->net->opt.streams, c, kind, asked);

    if (!stream_client_follow(client, who, ret_code, e)) {
        *asked = client->head;
        client->head = (struct http_head){0};
        stream_client_free(client);
        return false;
    }
    conn_bound(c);
    conn_answer(c, wire, true);
    c->client = client;
    gone_watch(c);
    return true;
}
