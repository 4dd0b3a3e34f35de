/* gone.c -- notices that the reader of a plain (NDJSON, SSE) stream has left.
 *
 * libwebsockets 4.1.6 does not read from an HTTP/1 connection while it answers, yet goes on polling
 * it for input: the peer's end of file would wake the loop for ever. So a copy of the descriptor is
 * polled for the disconnect alone (EPOLLRDHUP), which ends the connection at once. */
#include "api/transport/conn.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <fcntl.h>
#include <unistd.h>
#include <uv.h>

/* Outlives its connection by a turn: libuv closes later. */
struct gone {
    uv_poll_t poll;
    int fd;
    struct conn *c;
};

static void on_gone(uv_poll_t *poll, int status unused_arg, int events unused_arg)
{
    struct gone *gone = poll->data;

    assert(gone->c->gone == gone); /* after gone_end libuv calls on_closed alone */
    uv_poll_stop(poll);
    conn_kill(gone->c);
}

static void on_closed(uv_handle_t *handle)
{
    struct gone *gone = handle->data;

    close(gone->fd);
    free(gone);
}

void gone_watch(struct conn *c)
{
    int fd = fcntl(lws_get_socket_fd(c->wsi), F_DUPFD_CLOEXEC, 0);
    struct gone *gone;

    if (fd < 0) { /* the heartbeat will find it out */
        log_event(LOG_WARN, "stream.not_watched", F_STR("error", "no descriptor left"));
        return;
    }
    gone = mem_new(struct gone);
    gone->fd = fd;
    gone->c = c;
    gone->poll.data = gone;
    uv_poll_init(c->net->opt.loop, &gone->poll, fd);
    uv_poll_start(&gone->poll, UV_DISCONNECT, on_gone);
    c->gone = gone;
}

void gone_end(struct conn *c)
{
    if (c->gone != NULL)
        uv_close((uv_handle_t *)&c->gone->poll, on_closed);
    c->gone = NULL;
}
