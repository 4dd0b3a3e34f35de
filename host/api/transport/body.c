/* body.c -- answers whose body is made while it goes out (struct reply_pieces); see conn.h. One
 * piece is in memory at a time: the next is asked for when the kernel has taken the one before. */
#include "api/transport/conn.h"

void body_begin(struct conn *c, struct buf *wire, const struct reply_pieces *body)
{
    conn_bound(c);
    conn_answer(c, wire, true);
    gone_watch(c);
    c->body = *body;
}

int body_writeable(struct conn *c)
{
    static const char headroom[REPLY_HEADROOM];

    buf_add(&c->out, headroom, sizeof headroom);
    c->out_at = REPLY_HEADROOM;
    if (!c->body.next(c->body.arg, &c->out))
        return -1; /* the connection's end is the body's */
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, (int)c->net->opt.idle_timeout_s);
    lws_callback_on_writable(c->wsi);
    return 0;
}

void body_end(struct conn *c)
{
    if (c->body.free != NULL)
        c->body.free(c->body.arg);
    c->body = (struct reply_pieces){0};
}
