/* http_stranger.c -- a stranger at a live host's port: requests, mutated, several in a row, in
 * segments of any size, ended in any way; after each the host is asked for /livez, and must answer
 * while at most BEHIND_MAX more are on their way.
 *
 * usage: http_stranger PORT COUNT SEED [TOKEN]. Exit 1 and the last inputs in C notation when the
 * host does not answer in time, or answers what is no HTTP. The same seed gives the same inputs. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_MAX = 24 * 1024, ALIVE_MS = 60000, WAIT_MS = 1, BEHIND_MAX = 16 };

#define BASE "/api/v1/orchestrator"
#define END "\r\n\r\n"
#define HOST " HTTP/1.1\r\nHost: x\r\n"

static const char *const requests[] = {
    "GET /livez" HOST "\r\n",
    "GET /readyz?verbose" HOST "Connection: keep-alive\r\n\r\n",
    "POST /x" HOST "Content-Length: 4" END "abcd",
    "POST " BASE "/runs" HOST "@Content-Length: 14" END "{\"dagId\":\"no\"}",
    "GET " BASE "/runs?page_size=1&status=failed" HOST "@\r\n",
    "GET " BASE "/dags/a%2e%2fb/..%2f%0a" HOST "@\r\n",
    "POST " BASE "/dags/import" HOST "@Content-Length: 22" END "{\"yaml_content\":\"a: 1\"}",
    "POST /x" HOST "Transfer-Encoding: chunked" END "4\r\nabcd\r\n0" END,
    "POST /x" HOST "Expect: 100-continue\r\nContent-Length: 3" END "abc",
    "GET " BASE "/runs/stream" HOST "@\r\n",
    "GET " BASE "/runs/stream?after=0" HOST "@Accept: text/event-stream\r\n\r\n",
    "GET " BASE "/runs/stream" HOST "@Connection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" END,
    "GET " BASE "/runs/stream" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" END
    "\x81\x85\x01\x02\x03\x04hello\x88\x80\x01\x02\x03\x04",
    "GET / HTTP/1.0\r\n\r\n",
    "PRI * HTTP/2.0" END "SM" END,
    "OPTIONS *" HOST "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA" END,
    "CONNECT x:443" HOST "\r\n",
    "DELETE " BASE "/dags/none" HOST "@\r\n",
    "HEAD /metrics" HOST "\r\n",
    "GET http://h/livez" HOST "\r\n",
};

static const char *const pieces[] = {
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    ":",
    "Content-Length: 4\r\n",
    "Content-Length: 99999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "%2f",
    "%0d%0a",
    "..",
    "\x81\xfe\xff",
    "Upgrade: websocket\r\n",
    "\r\n\r\n",
    "A: \xff\r\n",
    "\t",
};

static uint64_t state;

static uint32_t pick(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below > 0 ? (uint32_t)(state >> 11) % below : 0;
}

struct input {
    char bytes[INPUT_MAX];
    size_t len;
};

static void add(struct input *in, const char *bytes, size_t len)
{
    if (in->len + len > INPUT_MAX)
        return;
    memcpy(in->bytes + in->len, bytes, len);
    in->len += len;
}

/* '@' stands for the headers of a caller that may. */
static void add_request(struct input *in, const char *token)
{
    const char *text = requests[pick(sizeof requests / sizeof *requests)];
    const char *mark = strchr(text, '@');
    char who[512];
    int len;

    if (mark == NULL) {
        add(in, text, strlen(text));
        return;
    }
    len = snprintf(who, sizeof who, "Authorization: Bearer %s\r\nX-Stella-Tenant: default\r\n",
                   token);
    add(in, text, (size_t)(mark - text));
    add(in, who, len < (int)sizeof who ? (size_t)len : sizeof who - 1);
    add(in, mark + 1, strlen(mark + 1));
}

static void insert(struct input *in, size_t at, const char *bytes, size_t len)
{
    if (in->len + len > INPUT_MAX)
        return;
    memmove(in->bytes + at + len, in->bytes + at, in->len - at);
    memcpy(in->bytes + at, bytes, len);
    in->len += len;
}

static void mutate(struct input *in)
{
    size_t at = pick((uint32_t)in->len), len = 1 + pick(64);
    const char *piece = pieces[pick(sizeof pieces / sizeof *pieces)];

    if (at + len > in->len)
        len = in->len - at;
    switch (pick(6)) {
    case 0:
        in->bytes[at] ^= (char)(1u << pick(8));
        break;
    case 1:
        in->bytes[at] = (char)pick(256);
        break;
    case 2:
        insert(in, at, piece, *piece != '\0' ? strlen(piece) : 1);
        break;
    case 3:
        memmove(in->bytes + at, in->bytes + at + len, in->len - at - len);
        in->len -= len;
        break;
    case 4:
        for (uint32_t n = pick(200); n > 0; n--)
            insert(in, at, in->bytes + at, 1);
        break;
    default:
        in->len -= len; /* an end that never comes */
        break;
    }
    if (in->len == 0)
        add(in, "G", 1);
}

static void make(struct input *in, const char *token)
{
    in->len = 0;
    for (uint32_t n = 1 + pick(4); n > 0; n--)
        add_request(in, token);
    for (uint32_t n = pick(5); n > 0; n--)
        mutate(in);
}

/* ---- the wire ---- */

/* From any of 65,024 addresses: one has not enough ports for so many connections. */
static int dial(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)}, from = to;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    from.sin_port = 0;
    from.sin_addr.s_addr = htonl(0x7f010001u + (pick(254) << 8) + pick(254));
    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) < 0 ||
        bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        perror("connect");
        exit(2);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* Everything that is there; false: it does not begin as an answer does. */
static bool listen_to(int fd, int wait_ms, bool *first)
{
    static char bytes[64 * 1024];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ssize_t n;

    if (poll(&p, 1, wait_ms) <= 0)
        return true;
    n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n <= 0 || !*first)
        return true;
    *first = false;
    return n >= 7 && memcmp(bytes, "HTTP/1.", 7) == 0;
}

static bool tell(uint16_t port, const struct input *in)
{
    static const struct linger reset = {1, 0};
    int fd = dial(port);
    bool good = true, first = true;
    uint32_t end = pick(4);

    for (size_t at = 0; at < in->len;) {
        size_t now = pick(3) == 0 ? 1 + pick(16) : 1 + pick((uint32_t)(in->len - at));

        if (now > in->len - at)
            now = in->len - at;
        if (send(fd, in->bytes + at, now, MSG_NOSIGNAL) < 0)
            break;
        at += now;
        good = good && listen_to(fd, pick(32) == 0 ? WAIT_MS : 0, &first);
    }
    if (end == 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    else if (end < 3)
        shutdown(fd, SHUT_WR);
    good = good && listen_to(fd, pick(16) == 0 ? WAIT_MS : 0, &first);
    close(fd);
    return good;
}

/* Every answer of one host to /livez has the length of the first. */
static char got[64 * 1024];
static size_t got_len, answer_len;

/* Answers that have come, of those that are open; -1: none in time, or another one. */
static int answers(int fd, int open)
{
    static const char ok[] = "HTTP/1.1 200 OK";
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ssize_t n;
    int count = 0;

    if (poll(&p, 1, open > BEHIND_MAX ? ALIVE_MS : 0) <= 0)
        return open > BEHIND_MAX ? -1 : 0;
    n = recv(fd, got + got_len, sizeof got - got_len, 0);
    if (n <= 0)
        return -1;
    got_len += (size_t)n;
    if (answer_len == 0)
        answer_len = got_len;
    for (; got_len >= answer_len; count++) {
        if (memcmp(got, ok, sizeof ok - 1) != 0)
            return -1;
        got_len -= answer_len;
        memmove(got, got + answer_len, got_len);
    }
    return count;
}

static void show(const struct input *in)
{
    for (size_t i = 0; i < in->len; i++) {
        unsigned char c = (unsigned char)in->bytes[i];

        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
            putchar(c);
        else
            printf("\\%03o", c);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    uint16_t port = (uint16_t)(argc > 1 ? atoi(argv[1]) : 0);
    long count = argc > 2 ? atol(argv[2]) : 0;
    static const char ask[] = "GET /livez" HOST "\r\n";
    static struct input last[BEHIND_MAX + 1];
    int probe, open = 0;

    if (port == 0 || count <= 0 || argc < 4)
        return 2;
    state = strtoull(argv[3], NULL, 10) * 2654435761u + 88172645463325252u;
    probe = dial(port);
    if (send(probe, ask, sizeof ask - 1, MSG_NOSIGNAL) < 0 || answers(probe, BEHIND_MAX + 1) != 1)
        return 2;
    for (long i = 0; i < count || open > 0; i++) {
        struct input *in = &last[i % (BEHIND_MAX + 1)];
        bool good = true;
        int come;

        in->len = 0;
        if (i < count) {
            make(in, argc > 4 ? argv[4] : "none");
            good = tell(port, in) && send(probe, ask, sizeof ask - 1, MSG_NOSIGNAL) > 0;
            open++;
        }
        come = answers(probe, i < count ? open : open + BEHIND_MAX);
        open -= come;
        if (good && come >= 0)
            continue;
        printf("input %ld: %s; the last inputs, newest first:\n", i,
               good ? "the host does not answer any more" : "no HTTP came back");
        for (long k = i; k > i - BEHIND_MAX && k >= 0; k--)
            show(&last[k % (BEHIND_MAX + 1)]);
        return 1;
    }
    printf("%ld inputs, the host answered after each\n", count);
    return 0;
}
