/* net.c -- the turns of all connections, and their times; see net.h. */
#include "api/transport/conn.h"

#include "api/request/server.h"
#include "api/stream/server.h"
#include "base/clock.h"
#include "base/mem.h"

#include <assert.h>
#include <uv.h>

enum {
    STEPS_A_TURN = 64,
    ENDING_MS = 10,
};

const struct request_conn_ops net_request_ops = {.answer = conn_answer,
                                                 .pieces = conn_pieces,
                                                 .go_on = conn_soon,
                                                 .is_loopback = conn_is_loopback,
                                                 .stream = conn_stream};
const struct stream_conn_ops net_stream_ops = {.wake = conn_wake, .kill = conn_kill};

static enum conn_step step(struct conn *c)
{
    switch (c->state) {
    case CONN_HEAD:
        return read_head(c);
    case CONN_BODY:
        return read_body(c);
    case CONN_ANSWER:
        return write_answer(c);
    case CONN_STREAM:
        return write_stream(c);
    case CONN_LINGER:
        return write_linger(c);
    case CONN_ASKED:
        return CONN_WAIT;
    case CONN_WS:
        return ws_write(c);
    }
    assert(!"every state has its step");
    return CONN_OVER;
}

/* A client that always has one more thing to do lets the others go first: its socket takes bytes,
 * so it comes back in the next turn of the loop. */
static void turn(struct conn *c)
{
    for (int i = 0; i < STEPS_A_TURN; i++) {
        switch (step(c)) {
        case CONN_GO_ON:
            continue;
        case CONN_WAIT:
            return;
        case CONN_OVER:
            conn_end(c);
            return;
        case CONN_GONE:
            return;
        }
    }
    conn_await(c, UV_WRITABLE);
}

/* ---- times ---- */

static void on_tick(uv_timer_t *timer)
{
    const struct ticker *ticker = timer->data;
    int64_t now_ns = clock_mono_ns();
    struct conn *c = TAILQ_FIRST(&ticker->net->conns), *next;

    if (c == NULL)
        uv_timer_stop(timer);
    stream_server_tick(ticker->net->opt.streams, now_ns);
    for (; c != NULL; c = next) {
        bool stalled = c->state == CONN_BODY && now_ns > c->stalls_ns;

        next = TAILQ_NEXT(c, link);
        if (stalled || (c->deadline_ns != 0 && now_ns > c->deadline_ns))
            conn_end(c);
    }
}

static void on_ticker_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void ticker_open(struct net *net)
{
    int failed;

    net->ticker = mem_new(struct ticker);
    net->ticker->net = net;
    failed = uv_timer_init(net->opt.loop, &net->ticker->timer);
    assert(failed == 0);
    net->ticker->timer.data = net->ticker;
}

/* ---- beginning and end ---- */

bool net_open(const struct net_options *opt, struct net **ret, struct err *e)
{
    auto_mem struct net *net = mem_new(struct net);

    net->opt = *opt;
    net->turn = turn;
    net->tick = on_tick;
    TAILQ_INIT(&net->conns);
    TAILQ_INIT(&net->quiet);
    if (!door_open(net, e))
        return false;
    ws_open(net);
    ticker_open(net);
    soon_open(net);
    door_listen(net);
    net->opt.listen_host = NULL;
    *ret = take(net);
    return true;
}

uint16_t net_port(const struct net *net)
{
    return door_port(net);
}

/* On a foreign libuv loop lws destroys its context in two calls: the first closes its handles, the
 * second frees the rest and unloads the code that their close callbacks are in; so it must wait
 * until no handle of the loop is closing any more. */
struct ending {
    uv_timer_t timer;
    struct net *net;
};

static void note_closing(uv_handle_t *handle, void *arg)
{
    bool *closing = arg;

    *closing = *closing || uv_is_closing(handle);
}

static void on_ending(uv_timer_t *timer)
{
    struct ending *ending = timer->data;
    bool closing = false;

    uv_walk(timer->loop, note_closing, &closing);
    if (closing)
        return;
    lws_context_destroy(ending->net->context);
    buf_done(&ending->net->messages);
    free(ending->net);
    uv_close((uv_handle_t *)timer, on_ticker_closed);
}

static void end_all(struct net *net)
{
    struct conn *c = TAILQ_FIRST(&net->conns), *next;

    for (; c != NULL; c = next) {
        next = TAILQ_NEXT(c, link);
        if (c->wsi != NULL)
            conn_clear(c);
        else
            conn_end(c);
    }
}

void net_close(struct net *net)
{
    uv_loop_t *loop = net->opt.loop;
    struct ending *ending = mem_new(struct ending);
    int failed = uv_timer_init(loop, &ending->timer);

    assert(failed == 0);
    door_close(net);
    uv_close((uv_handle_t *)&net->ticker->timer, on_ticker_closed);
    end_all(net);
    soon_close(net);
    net->ending = true;
    lws_context_destroy(net->context);
    ending->net = net;
    ending->timer.data = ending;
    failed = uv_timer_start(&ending->timer, on_ending, ENDING_MS, ENDING_MS);
    assert(failed == 0);
}
