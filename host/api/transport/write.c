/* write.c -- what a connection says: an answer, whole or made piece by piece while it goes out, and
 * the NDJSON and SSE forms of a stream; see conn.h. What a stream says is the business of
 * api/stream/client.c.
 *
 * Of a body in pieces one is in memory at a time: the next is asked for when the kernel has taken
 * the one before. A reader must take a piece of PROGRESS_BYTES, or the rest, in its time. */
#include "api/stream/client.h"
#include "api/transport/conn.h"
#include "base/clock.h"
#include "base/mem.h"

#include <string.h>
#include <sys/socket.h>
#include <uv.h>

enum {
    WRITE_BYTES_A_TURN = 256 * 1024,
    PROGRESS_BYTES = 16 * 1024,
    TOGETHER_BYTES = 16 * 1024, /* of messages, by one call; what is not taken of it waits */
    LINGER_S = 5,
    LINGER_BYTES_MAX = 64 * 1024 * 1024,
};

static void note_progress(struct conn *c)
{
    bool enough = c->out_at - c->marked_at >= PROGRESS_BYTES || c->out_at == c->out.len;

    if (c->state != CONN_ANSWER || !enough)
        return; /* a stream's client that takes nothing is ended by the stream's tick */
    c->marked_at = c->out_at;
    conn_within(c, c->net->opt.idle_timeout_s);
}

/* CONN_GO_ON: all of out was taken, and there is no rest. */
static enum conn_step flush(struct conn *c)
{
    int quiet = c->body.next != NULL || c->client != NULL ? UV_DISCONNECT : 0;
    size_t written = 0;

    while (c->out_at < c->out.len && written < WRITE_BYTES_A_TURN) {
        ssize_t n = send(c->fd, c->out.data + c->out_at, c->out.len - c->out_at, MSG_NOSIGNAL);

        if (n < 0 && !conn_try_again())
            return CONN_OVER;
        if (n < 0)
            break;
        c->out_at += (size_t)n;
        written += (size_t)n;
        note_progress(c);
    }
    if (c->out_at == c->out.len) {
        buf_done(&c->out);
        c->out = c->rest;
        c->rest = (struct buf){0};
        c->out_at = c->marked_at = 0;
        conn_count(c);
        if (c->out.len == 0)
            return CONN_GO_ON;
    }
    conn_await(c, UV_WRITABLE | quiet);
    return CONN_WAIT;
}

/* The answer is out: say so, and give the reader the time to see it. */
static enum conn_step finish(struct conn *c)
{
    if (shutdown(c->fd, SHUT_WR) < 0)
        return CONN_OVER;
    stream_client_free(take(c->client));
    conn_enter(c, CONN_LINGER);
    conn_within(c, LINGER_S);
    return CONN_GO_ON;
}

static enum conn_step next_piece(struct conn *c)
{
    enum piece piece = c->body.next(c->body.arg, &c->out);
    enum conn_step step;

    if (piece != PIECE_OVER) {
        conn_count(c);
        conn_await(c, piece == PIECE_LATER ? UV_DISCONNECT : UV_WRITABLE | UV_DISCONNECT);
        return CONN_WAIT; /* the others have their turn */
    }
    c->body.free(c->body.arg);
    c->body = (struct reply_pieces){0};
    step = flush(c);
    return step == CONN_GO_ON ? finish(c) : step;
}

enum conn_step write_answer(struct conn *c)
{
    enum conn_step step = flush(c);

    if (step != CONN_GO_ON)
        return step;
    if (c->body.next != NULL)
        return next_piece(c);
    if (c->close)
        return finish(c);
    conn_enter(c, CONN_HEAD);
    conn_within(c, c->in.len > 0 ? c->net->opt.head_timeout_s : c->net->opt.idle_timeout_s);
    return CONN_GO_ON;
}

/* ---- streams ---- */

/* What the kernel did not take of a message waits in out. */
static bool say(struct conn *c, const char *bytes, size_t len)
{
    ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);

    if (n < 0 && !conn_try_again())
        return false;
    if (n < 0)
        n = 0;
    if ((size_t)n == len)
        return true;
    buf_add(&c->out, bytes + n, len - (size_t)n);
    conn_count(c);
    return true;
}

/* Of a whole text message, as a server sends it: RFC 6455 5.2. */
static void add_frame_head(struct buf *b, size_t len)
{
    int length_bytes = len < 126 ? 0 : len <= UINT16_MAX ? 2 : 8;

    buf_addc(b, (char)0x81);
    buf_addc(b, (char)(length_bytes == 0 ? len : length_bytes == 2 ? 126 : 127));
    for (int i = length_bytes - 1; i >= 0; i--)
        buf_addc(b, (char)(len >> 8 * i & 0xff));
}

bool write_gather(struct conn *c, int *left, struct buf *ret)
{
    const char *bytes;
    size_t len;

    buf_clear(ret);
    for (; *left > 0 && ret->len < TOGETHER_BYTES; --*left) {
        c->wants_write = false;
        if (!stream_client_next(c->client, &bytes, &len))
            return false;
        if (c->state == CONN_WS)
            add_frame_head(ret, len);
        buf_add(ret, bytes, len);
    }
    return true;
}

/* All of it was said. */
static enum conn_step idle_stream(struct conn *c)
{
    if (c->client->state == CLIENT_CLOSING)
        return finish(c);
    conn_await(c, c->wants_write ? UV_WRITABLE | UV_DISCONNECT : UV_DISCONNECT);
    return CONN_WAIT;
}

enum conn_step write_stream(struct conn *c)
{
    bool taken = c->out.data != NULL, more = true;
    enum conn_step step = flush(c);
    struct buf *messages = &c->net->messages;
    int left = WRITE_MESSAGES_A_TURN;

    c->deadline_ns = 0; /* the head is out, or is as stuck as what follows */
    while (step == CONN_GO_ON && more && left > 0) {
        more = write_gather(c, &left, messages);
        if (messages->len > 0 && !say(c, messages->data, messages->len))
            return CONN_OVER;
        taken = taken || messages->len > 0;
        step = flush(c);
    }
    if (taken && step == CONN_GO_ON)
        stream_client_wrote(c->client, clock_mono_ns());
    if (!more && step == CONN_GO_ON)
        return idle_stream(c);
    if (step == CONN_GO_ON)
        conn_soon(c);
    return step == CONN_OVER ? CONN_OVER : CONN_WAIT;
}

enum conn_step write_linger(struct conn *c)
{
    ssize_t n = recv(c->fd, c->net->scratch, sizeof c->net->scratch, 0);

    if (n < 0 && conn_try_again()) {
        conn_await(c, UV_READABLE);
        return CONN_WAIT;
    }
    if (n > 0)
        c->lingered += (uint64_t)n;
    return n <= 0 || c->lingered > LINGER_BYTES_MAX ? CONN_OVER : CONN_GO_ON;
}
