/* swarm_client.c -- see swarm_client.h. */
#include "swarm_client.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    OP_TEXT = 1,
    OP_CLOSE = 8,
    OP_PING = 9,
    FIN = 0x80,
    HEAD_MAX = 10,
    PING_MAX = 125,
    READ_MAX = 256 * 1024,
    SILENT_BUFFER = 4096,
    HEAD_BYTES_MAX = 4096
};

struct ws_frame {
    unsigned char first;
    const char *payload;
    size_t len, whole; /* whole: with its head */
};

bool swarm_client_connect(struct swarm_client *c, const struct swarm_order *order)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)order->port)};
    int small = SILENT_BUFFER;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        return false;
    /* Or the kernel would take megabytes for each before the other end sees that nobody reads. */
    if (c->silent)
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    c->state = SWARM_CONNECTING;
    return connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS;
}

bool swarm_client_greet(struct swarm_client *c, const struct swarm_order *order)
{
    char after[32] = "", *text;
    ssize_t sent;

    if (c->last_seq > 0)
        snprintf(after, sizeof after, "&after=%lld", (long long)c->last_seq);
    text = mem_printf("GET %s%s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                      "Sec-WebSocket-Protocol: orch.runs.v1+json\r\n"
                      "Authorization: Bearer %s\r\n\r\n",
                      order->path, after, order->token);
    sent = send(c->fd, text, strlen(text), MSG_NOSIGNAL);
    c->state = SWARM_GREETED;
    sent -= (ssize_t)strlen(text);
    free(text);
    return sent == 0;
}

void swarm_client_close(struct swarm_client *c)
{
    close(c->fd);
    c->fd = -1;
    c->state = SWARM_NEW;
    buf_done(&c->rest);
    c->rest = (struct buf){0};
}

/* ---- frames ---- */

static bool frame_take(const char *data, size_t len, struct ws_frame *ret)
{
    const unsigned char *p = (const unsigned char *)data;
    size_t head = 2;

    if (len < 2)
        return false;
    ret->first = p[0];
    ret->len = p[1] & 127u;
    if (ret->len >= 126) {
        size_t bytes = ret->len == 126 ? 2 : 8;

        if (len < head + bytes)
            return false;
        ret->len = 0;
        for (size_t i = 0; i < bytes; i++)
            ret->len = ret->len << 8 | p[head + i];
        head += bytes;
    }
    ret->payload = data + head;
    ret->whole = head + ret->len;
    return len >= ret->whole;
}

static void pong(const struct swarm_client *c, const struct ws_frame *ping)
{
    char frame[6 + PING_MAX] = {(char)(FIN | 10), (char)(FIN | ping->len)}; /* a mask of zeros */

    if (ping->len > PING_MAX || ping->payload == NULL)
        return;
    memcpy(frame + 6, ping->payload, ping->len);
    (void)!send(c->fd, frame, 6 + ping->len, MSG_NOSIGNAL);
}

/* The number behind "seq", which the host writes near the beginning. */
static int64_t seq_of(const char *text, size_t len)
{
    const char *at = memmem(text, len, "\"seq\":", 6);

    return at != NULL ? strtoll(at + 6, NULL, 10) : 0;
}

static long age_ms_of(const char *text, size_t len)
{
    const char *at = memmem(text, len, "\"timestamp\":\"", 13);
    struct tm when = {0};
    struct timespec now;
    char *fraction;
    double then;

    if (at == NULL || (fraction = strptime(at + 13, "%Y-%m-%dT%H:%M:%S", &when)) == NULL)
        return 0;
    clock_gettime(CLOCK_REALTIME, &now);
    then = (double)timegm(&when) + strtod(fraction, NULL);
    then = ((double)now.tv_sec - then) * 1e3 + (double)now.tv_nsec / 1e6;
    return then > 0 ? (long)then : 0;
}

/* False: no event. */
static bool take_text(struct swarm_client *c, const struct ws_frame *f, struct swarm_news *news)
{
    int64_t seq = seq_of(f->payload, f->len);

    if (seq == 0) { /* hello, heartbeat, lagging */
        news->behind += memmem(f->payload, f->len, "\"lagging\"", 9) != NULL;
        return false;
    }
    if (seq <= c->last_seq)
        news->twice++;
    c->last_seq = seq > c->last_seq ? seq : c->last_seq;
    c->seen++;
    news->messages++;
    news->bytes += (long)f->len;
    return true;
}

/* Returns how many bytes were whole frames. */
static size_t take_frames(struct swarm_client *c, const char *data, size_t len,
                          struct swarm_news *news, bool *ret_alive)
{
    struct ws_frame f, last = {0};
    size_t at = 0;

    while (frame_take(data + at, len - at, &f)) {
        at += f.whole;
        if ((f.first & 15) == OP_CLOSE)
            *ret_alive = false;
        else if ((f.first & 15) == OP_PING)
            pong(c, &f);
        else if (f.first == (FIN | OP_TEXT) && take_text(c, &f, news))
            last = f;
    }
    if (last.payload != NULL)
        news->age_ms = age_ms_of(last.payload, last.len);
    return at;
}

/* Returns how many bytes were the answer's head; 0: it is not whole. */
static size_t take_head(struct swarm_client *c, const char *data, size_t len)
{
    const char *end = memmem(data, len, "\r\n\r\n", 4);

    if (end == NULL && len < HEAD_BYTES_MAX)
        return 0;
    if (end == NULL || strncmp(data, "HTTP/1.1 101", 12) != 0) {
        fprintf(stderr, "bench: swarm: %.*s\n", (int)(len < 200 ? len : 200), data);
        exit(1);
    }
    c->state = SWARM_OPEN;
    return (size_t)(end - data) + 4;
}

static bool take_bytes(struct swarm_client *c, const char *data, size_t len,
                       struct swarm_news *news)
{
    bool alive = true;
    size_t at = 0;

    if (c->rest.len > 0) {
        buf_add(&c->rest, data, len);
        data = c->rest.data;
        len = c->rest.len;
    }
    if (c->state == SWARM_GREETED)
        at = take_head(c, data, len);
    if (c->state == SWARM_OPEN)
        at += take_frames(c, data + at, len - at, news, &alive);
    if (c->rest.len > 0)
        buf_cut(&c->rest, at);
    else
        buf_add(&c->rest, data + at, len - at);
    return alive;
}

bool swarm_client_read(struct swarm_client *c, struct swarm_news *news)
{
    static char data[READ_MAX];
    ssize_t n = recv(c->fd, data, c->silent ? HEAD_BYTES_MAX : sizeof data, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    return n > 0 && take_bytes(c, data, (size_t)n, news);
}
