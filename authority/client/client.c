/* client.c -- the queue, the socket and the deadlines; requests.c and replies.c have the words. See
 * client.h. */
#include "authority/client/wire.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/queue.h>

enum {
    QUEUED_BYTES_MAX = 64 * 1024 * 1024, /* of requests that are not sent yet */
    REPLIES_PER_TURN = 256,
};

struct pending {
    TAILQ_ENTRY(pending) link;
    enum authority_message type;
    uint64_t id;
    struct buf body; /* empty once it is sent */
    int fd;
    int64_t deadline_ns; /* 0 until the first turn that saw it */
    struct authority_reply reply;
};
TAILQ_HEAD(pending_list, pending);

struct authority_client {
    int sock;
    void (*closing)(void *arg); /* NULL: nobody polls the socket */
    void *watcher;
    uint64_t last_id;
    struct pending_list waiting; /* to be sent, oldest first */
    struct pending_list sent;    /* to be answered, oldest first */
    unsigned count;
    size_t queued_bytes;
    struct frame_in *in;
};

struct authority_client *authority_client_new(void)
{
    struct authority_client *c = mem_new(struct authority_client);

    c->sock = -1;
    c->in = mem_new(struct frame_in);
    TAILQ_INIT(&c->waiting);
    TAILQ_INIT(&c->sent);
    return c;
}

static void pending_free(struct pending *p)
{
    buf_done(&p->body);
    auto_close_fd(&p->fd);
    free(p);
}

static void fail_all(struct pending_list *list, const struct err *why)
{
    struct pending *next;

    for (struct pending *p = TAILQ_FIRST(list); p != NULL; p = next) {
        next = TAILQ_NEXT(p, link);
        p->reply.done(p->reply.arg, NULL, why);
        pending_free(p);
    }
    TAILQ_INIT(list);
}

/* Ends the connection; every request that was accepted on it fails. A callback finds no authority
 * attached, so none is added meanwhile. */
static void disconnect(struct authority_client *c, const struct err *why)
{
    if (c->sock >= 0 && c->closing != NULL)
        c->closing(c->watcher);
    auto_close_fd(&c->sock);
    c->sock = -1;
    c->count = 0;
    c->queued_bytes = 0;
    fail_all(&c->sent, why);
    fail_all(&c->waiting, why);
}

static void lose(struct authority_client *c, const char *reason)
{
    struct err why = {0};

    err_set(&why, ERR_UNAVAILABLE, "the authority %s", reason);
    disconnect(c, &why);
}

void authority_client_end(struct authority_client *c)
{
    lose(c, "ends with the host");
}

void authority_client_free(struct authority_client *c)
{
    if (c == NULL)
        return;
    lose(c, "is no longer used");
    free(c->in);
    free(c);
}

void authority_client_attach(struct authority_client *c, int *fd)
{
    struct err unused_arg ignored;
    bool nonblocking = fd_set_nonblock(*fd, &ignored);

    assert(nonblocking); /* the socket is ours: this fails only for a bad descriptor */
    lose(c, "was replaced");
    c->sock = take_fd(fd);
}

void authority_client_watch(struct authority_client *c, void (*closing)(void *arg), void *arg)
{
    c->closing = closing;
    c->watcher = arg;
}

bool authority_client_attached(const struct authority_client *c)
{
    return c->sock >= 0;
}

int authority_client_fd(const struct authority_client *c)
{
    return c->sock;
}

short authority_client_events(const struct authority_client *c)
{
    return (short)(POLLIN | (TAILQ_EMPTY(&c->waiting) ? 0 : POLLOUT));
}

int64_t authority_client_deadline_ns(const struct authority_client *c)
{
    const struct pending *sent = TAILQ_FIRST(&c->sent), *waiting = TAILQ_FIRST(&c->waiting);

    if (sent != NULL)
        return sent->deadline_ns;
    return waiting != NULL && waiting->deadline_ns != 0 ? waiting->deadline_ns : INT64_MAX;
}

static bool accept_request(const struct authority_client *c, enum authority_message type,
                           const struct buf *body, struct err *e)
{
    if (c->sock < 0)
        return err_set(e, ERR_UNAVAILABLE, "no authority is attached");
    if (c->count >= AUTHORITY_PENDING_MAX || c->queued_bytes + body->len > QUEUED_BYTES_MAX)
        return err_set(e, ERR_LIMIT, "%u requests to the authority are waiting", c->count);
    if (body->len > message_bytes_max(type))
        return err_set(e, ERR_TOO_LARGE, "%s: %zu bytes, at most %zu are taken", message_name(type),
                       body->len, message_bytes_max(type));
    return true;
}

bool client_submit(struct authority_client *c, enum authority_message type, struct buf *body,
                   int *fd, struct authority_reply reply, struct err *e)
{
    auto_fd owned = fd != NULL ? take_fd(fd) : -1;
    struct pending *p;

    if (!accept_request(c, type, body, e))
        return false;
    p = mem_new(struct pending);
    p->type = type;
    p->id = ++c->last_id;
    p->body = *body;
    p->fd = take_fd(&owned);
    p->reply = reply;
    *body = (struct buf){0};
    TAILQ_INSERT_TAIL(&c->waiting, p, link);
    c->count++;
    c->queued_bytes += p->body.len;
    return true;
}

/* Sends until the socket is full. */
static void send_waiting(struct authority_client *c)
{
    struct pending *p;

    while ((p = TAILQ_FIRST(&c->waiting)) != NULL) {
        struct err e = {0};

        if (!message_send(c->sock, p->type, p->id, &p->body, p->fd, &e)) {
            if (e.sys_errno != EAGAIN)
                lose(c, "is gone");
            return;
        }
        TAILQ_REMOVE(&c->waiting, p, link);
        TAILQ_INSERT_TAIL(&c->sent, p, link);
        c->queued_bytes -= p->body.len;
        buf_done(&p->body);
        auto_close_fd(&p->fd);
        p->fd = -1;
    }
}

static struct pending *sent_take(struct authority_client *c, const struct message *m)
{
    struct pending *p;

    TAILQ_FOREACH(p, &c->sent, link)
    {
        if (p->id != m->id)
            continue;
        if (m->type != ((unsigned)p->type | MESSAGE_REPLY))
            return NULL;
        TAILQ_REMOVE(&c->sent, p, link);
        c->count--;
        return p;
    }
    return NULL;
}

/* False for a reply that is not well formed. ret_why->code is 0 when result is set. */
static bool read_reply(enum authority_message type, const struct message *m,
                       struct authority_result *ret, struct err *ret_why)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);
    uint32_t code = unpack_u32(&u);

    if (code == ERR_NONE)
        return client_read(type, &u, ret, NULL);
    if (code >= ERR_CODE_COUNT)
        return false;
    ret_why->code = (enum err_code)code;
    unpack_str(&u, ret_why->msg, sizeof ret_why->msg);
    return unpack_end(&u, NULL);
}

/* False when the authority said what it may not. */
static bool answer(struct authority_client *c, const struct message *m)
{
    struct pending *p = sent_take(c, m);
    struct authority_result result = {0};
    struct err why = {0};
    bool good;

    if (p == NULL)
        return false;
    good = read_reply(p->type, m, &result, &why);
    if (!good)
        err_set(&why, ERR_UNAVAILABLE, "the authority's answer is malformed");
    p->reply.done(p->reply.arg, why.code == ERR_NONE ? &result : NULL,
                  why.code != ERR_NONE ? &why : NULL);
    pending_free(p);
    return good;
}

static void receive(struct authority_client *c)
{
    for (int i = 0; c->sock >= 0 && i < REPLIES_PER_TURN; i++) {
        auto_done(message) m = {.fd = -1};
        enum frame_recv got = authority_recv(c->sock, READER_HOST, c->in, &m, NULL);

        if (got == FRAME_NONE)
            return;
        if (got == FRAME_CLOSED)
            lose(c, "is gone");
        else if (got == FRAME_BAD || !answer(c, &m))
            lose(c, "said what it may not");
    }
}

static void set_deadlines(struct pending_list *list, int64_t now_ns)
{
    struct pending *p;

    TAILQ_FOREACH_REVERSE(p, list, pending_list, link)
    {
        if (p->deadline_ns != 0)
            return;
        p->deadline_ns = now_ns + AUTHORITY_ANSWER_NS;
    }
}

void authority_client_turn(struct authority_client *c, int64_t now_ns)
{
    if (c->sock < 0)
        return;
    receive(c);
    set_deadlines(&c->waiting, now_ns); /* also of what an answer's callback asks */
    if (c->sock >= 0)
        send_waiting(c);
    if (c->sock >= 0 && now_ns >= authority_client_deadline_ns(c))
        lose(c, "did not answer in time");
}

bool authority_client_wait(struct authority_client *c, int timeout_ms, struct err *e)
{
    int64_t end_ns = clock_mono_ns() + timeout_ms * 1000000LL;

    while (c->count > 0) {
        struct pollfd fd = {.fd = c->sock, .events = authority_client_events(c)};
        int64_t now_ns = clock_mono_ns();

        if (now_ns >= end_ns)
            return err_set(e, ERR_TIMEOUT, "%u requests to the authority are open", c->count);
        if (poll(&fd, 1, (int)((end_ns - now_ns) / 1000000 + 1)) < 0 && errno != EINTR)
            return err_sys(e, "poll");
        authority_client_turn(c, clock_mono_ns());
    }
    return true;
}
