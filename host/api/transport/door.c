/* door.c -- the listening socket, and who is let in; see net.h.
 *
 * When all places are taken the connection that has been silent for the longest goes: nobody waits
 * for its answer. When none is silent the new one gets a place of the reserve, where probes alone
 * are answered; when these are taken too, the oldest of them goes. Without descriptors or memory of
 * the kernel the door stays shut for a moment and says so once in a while. */
#include "api/transport/conn.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    ACCEPTS_A_TURN = 64,
    SHUT_MS = 250,
    SILENT_MS_MIN = 250, /* a head that is on its way has this long */
};

/* Outlives the net by a turn, in two handles: libuv closes later. */
struct door {
    uv_poll_t poll;
    uv_timer_t timer;
    struct net *net;
    int fd;
    int handles;
    struct log_limit said;
    uint64_t times; /* that it was refused, since it was said last */
};

static_assert(offsetof(struct sockaddr_in6, sin6_port) == offsetof(struct sockaddr_in, sin_port),
              "door_port reads either");

/* ---- refusals ---- */

/* Counts a refusal; true when it is to be said. */
static bool refused(struct door *door)
{
    uint64_t left_out;

    if (!log_limit_allows(&door->said, clock_mono_ns(), &left_out))
        return false;
    door->times = left_out + 1;
    return true;
}

/* Best effort: it has not even asked yet. */
static void turn_away(int fd)
{
    static const char text[] = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";

    (void)!send(fd, text, sizeof text - 1, MSG_NOSIGNAL);
    close(fd);
}

/* ---- addresses ---- */

/* An IPv4 address stands in its mapped form; of an IPv6 address the network is one subscriber's. */
static struct in6_addr peer_of(const struct sockaddr_storage *from)
{
    const struct sockaddr_in *four = (const void *)from;
    struct in6_addr peer = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;

    if (from->ss_family == AF_INET) {
        peer = (struct in6_addr){0};
        memset(peer.s6_addr + 10, 0xff, 2);
        memcpy(peer.s6_addr + 12, &four->sin_addr, 4);
    } else if (!IN6_IS_ADDR_V4MAPPED(&peer)) {
        memset(peer.s6_addr + 8, 0, 8);
    }
    return peer;
}

static bool peer_is_full(const struct net *net, const struct in6_addr *peer)
{
    uint32_t of_peer = 0;
    const struct conn *c;

    if (net->opt.connections_peer_max == 0)
        return false;
    TAILQ_FOREACH(c, &net->conns, link)
    of_peer += memcmp(&c->peer, peer, sizeof *peer) == 0;
    return of_peer >= net->opt.connections_peer_max;
}

/* ---- places ---- */

static bool evict_silent(struct net *net)
{
    struct conn *c = TAILQ_FIRST(&net->quiet);

    if (c == NULL || clock_mono_ns() - c->since_ns < SILENT_MS_MIN * 1000000LL)
        return false;
    conn_end(c);
    return true;
}

static void evict_reserved(struct net *net)
{
    struct conn *c;

    TAILQ_FOREACH(c, &net->conns, link)
    if (c->reserved) {
        conn_end(c);
        return;
    }
}

/* True: the new one may only ask what probes ask. */
static bool make_room(struct net *net)
{
    if (net->connections - net->reserved < net->opt.connections_max)
        return false;
    if (evict_silent(net) && net->connections - net->reserved < net->opt.connections_max)
        return false;
    if (net->reserved >= net->opt.reserve)
        evict_reserved(net);
    return true;
}

static void let_in(struct door *door, int fd, const struct sockaddr_storage *from)
{
    struct in6_addr peer = peer_of(from);
    struct net *net = door->net;
    struct conn *c;
    bool reserved;
    int one = 1;

    if (peer_is_full(net, &peer)) {
        if (refused(door))
            log_event(LOG_WARN, "http.address_full",
                      F_STR("error", "too many connections of one address"),
                      F_INT("times", door->times), F_INT("connections", door->net->connections));
        turn_away(fd);
        return;
    }
    reserved = make_room(net);
    (void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c = conn_new(net, fd, &peer);
    if (c == NULL) {
        if (refused(door))
            log_event(LOG_WARN, "http.accept_failed",
                      F_STR("error", "the loop cannot watch a descriptor"),
                      F_INT("times", door->times), F_INT("connections", door->net->connections));
        return;
    }
    c->reserved = reserved;
    net->reserved += reserved;
    if (reserved && refused(door))
        log_event(LOG_WARN, "http.full",
                  F_STR("error", "all places are taken: only probes are answered"),
                  F_INT("times", door->times), F_INT("connections", door->net->connections));
    conn_await(c, UV_READABLE); /* in a turn of its own: whoever comes first would hold up all */
}

/* ---- the socket ---- */

static void on_shut_over(uv_timer_t *timer)
{
    struct door *door = timer->data;

    door_listen(door->net);
}

static void shut_for_a_moment(struct door *door, int error)
{
    uv_poll_stop(&door->poll);
    uv_timer_start(&door->timer, on_shut_over, SHUT_MS, 0);
    if (refused(door))
        log_event(LOG_WARN, "http.accept_failed", F_STR("error", strerror(error)),
                  F_INT("times", door->times), F_INT("connections", door->net->connections));
}

static void on_knock(uv_poll_t *poll, int status unused_arg, int events unused_arg)
{
    struct door *door = poll->data;

    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage from = {0};
        socklen_t from_len = sizeof from;
        int fd =
            accept4(door->fd, (struct sockaddr *)&from, &from_len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0)
            let_in(door, fd, &from);
        else if (errno == EAGAIN)
            return;
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            shut_for_a_moment(door, errno);
            return;
        }
    }
}

/* The first address of the name that can be bound: "localhost" has two in most places. */
static bool bind_any(const struct addrinfo *found, int *ret, struct err *e)
{
    int one = 1;

    for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
        auto_fd fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
            bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) {
            *ret = take_fd(&fd);
            return true;
        }
        (void)err_sys(e, "cannot listen");
    }
    return false;
}

static bool bind_socket(const struct net_options *opt, int *ret, struct err *e)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *found;
    char port[8];
    bool good;

    snprintf(port, sizeof port, "%u", opt->listen_port);
    if (getaddrinfo(opt->listen_host, port, &hints, &found) != 0)
        return err_set(e, ERR_INVALID, "cannot listen on '%s': not an address", opt->listen_host);
    good = bind_any(found, ret, e) || err_wrap(e, "%s port %s", opt->listen_host, port);
    freeaddrinfo(found);
    return good;
}

bool door_open(struct net *net, struct err *e)
{
    struct door *door;
    int fd = -1, failed;

    if (!bind_socket(&net->opt, &fd, e))
        return false;
    door = mem_new(struct door);
    door->net = net;
    door->fd = fd;
    door->handles = 2;
    failed = uv_poll_init(net->opt.loop, &door->poll, fd);
    assert(failed == 0); /* a listening socket of ours */
    failed = uv_timer_init(net->opt.loop, &door->timer);
    assert(failed == 0);
    door->poll.data = door->timer.data = door;
    net->door = door;
    return true;
}

void door_listen(struct net *net)
{
    uv_poll_start(&net->door->poll, UV_READABLE, on_knock);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct door *door = handle->data;

    if (--door->handles == 0)
        free(door);
}

void door_close(struct net *net)
{
    uv_close((uv_handle_t *)&net->door->poll, on_handle_closed);
    uv_close((uv_handle_t *)&net->door->timer, on_handle_closed);
    close(net->door->fd);
    net->door = NULL;
}

uint16_t door_port(const struct net *net)
{
    struct sockaddr_in6 at = {0};
    socklen_t len = sizeof at;

    /* Of an IPv4 address too the port stands there. */
    if (getsockname(net->door->fd, (struct sockaddr *)&at, &len) < 0)
        return 0;
    return ntohs(at.sin6_port);
}
