/* body.c -- answers whose body is made while it goes out (struct net_body); see conn.h. One
 * piece is in memory at a time: the next is asked for when the kernel has taken the one before. */
#include "api/http/server.h"
#include "api/transport/conn.h"

void net_body_begin(struct conn *c, struct buf *wire, const struct net_body *body)
{
    conn_bound(c);
    net_answer_take(c, wire, true);
    gone_watch(c);
    c->body = *body;
}

int body_writeable(struct conn *c)
{
    static const char headroom[NET_HEADROOM];

    buf_add(&c->out, headroom, sizeof headroom);
    c->out_at = NET_HEADROOM;
    if (!c->body.next(c->body.arg, &c->out))
        return -1; /* the connection's end is the body's */
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, (int)c->net->api->opt.idle_timeout_s);
    lws_callback_on_writable(c->wsi);
    return 0;
}

void body_end(struct conn *c)
{
    if (c->body.free != NULL)
        c->body.free(c->body.arg);
    c->body = (struct net_body){0};
}
