/* nats_talk.c -- see nats_talk.h. */
#include "nats_talk.h"
#include "talk.h"

#include "base/mem.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef NATS_SERVER
#define NATS_SERVER "/usr/sbin/nats-server"
#endif

static int try_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* ---- by hand ---- */

static void read_line(int peer, char *ret, size_t bytes)
{
    size_t len = 0;

    do {
        struct pollfd p = {.fd = peer, .events = POLLIN};

        ck_assert_uint_lt(len, bytes - 1);
        ck_assert_int_eq(poll(&p, 1, TALK_MS), 1);
        ck_assert_int_eq(read(peer, ret + len, 1), 1);
    } while (ret[len++] != '\n');
    ret[len] = '\0';
}

static void write_all(int peer, const struct buf *b)
{
    ck_assert_int_eq(write(peer, b->data, b->len), (ssize_t)b->len);
}

static void greet(struct nats_world *w)
{
    static const char hello[] =
        "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}"
        "\r\nSUB mine 1\r\nPING\r\n";
    char line[4096];

    read_line(w->peer, line, sizeof line); /* INFO */
    ck_assert_int_eq(write(w->peer, hello, sizeof hello - 1), (ssize_t)sizeof hello - 1);
    do
        read_line(w->peer, line, sizeof line);
    while (strncmp(line, "PONG", 4) != 0);
}

static void read_bytes(int peer, char *ret, size_t bytes)
{
    for (size_t got = 0; got < bytes;) {
        ssize_t n = read(peer, ret + got, bytes - got);

        ck_assert_int_gt(n, 0);
        got += (size_t)n;
    }
}

json_t *nats_asks(struct nats_world *w, const char *subject, const char *id, const char *data)
{
    auto_done(buf) out = {0};
    auto_mem char *head = mem_printf("NATS/1.0\r\nNats-Msg-Id: %s\r\n\r\n", id != NULL ? id : "");
    char line[4096] = "";
    auto_mem char *body = NULL;
    size_t bytes, head_bytes = 0;
    json_t *answer;

    if (id != NULL)
        buf_addf(&out, "HPUB %s mine %zu %zu\r\n%s", subject, strlen(head),
                 strlen(head) + strlen(data), head);
    else
        buf_addf(&out, "PUB %s mine %zu\r\n", subject, strlen(data));
    buf_addf(&out, "%s\r\n", data);
    write_all(w->peer, &out);
    for (;;) {
        read_line(w->peer, line, sizeof line);
        if (strncmp(line, "PING", 4) == 0)
            ck_assert_int_eq(write(w->peer, "PONG\r\n", 6), 6);
        else if (strncmp(line, "HMSG", 4) == 0 || strncmp(line, "MSG", 3) == 0)
            break;
        else
            ck_assert_msg(strncmp(line, "INFO", 4) == 0, "%s", line);
    }
    bytes = strtoul(strrchr(line, ' ') + 1, NULL, 10);
    if (line[0] == 'H') {
        *strrchr(line, ' ') = '\0';
        head_bytes = strtoul(strrchr(line, ' ') + 1, NULL, 10);
    }
    body = mem_zero(1, bytes + 3);
    read_bytes(w->peer, body, bytes + 2);
    answer = json_loadb(body + head_bytes, bytes - head_bytes, 0, NULL);
    return answer != NULL ? answer : json_object();
}

uint64_t nats_adds(struct nats_world *w, const char *subject, const char *id, const char *data)
{
    json_t *answer = nats_asks(w, subject, id, data);
    json_int_t sequence = json_integer_value(json_object_get(answer, "seq"));

    ck_assert_int_gt(sequence, 0);
    json_decref(answer);
    return (uint64_t)sequence;
}

int nats_holds(struct nats_world *w, const char *stream)
{
    auto_mem char *subject = mem_printf("$JS.API.STREAM.INFO.%s", stream);
    json_t *answer = nats_asks(w, subject, NULL, "");
    const json_t *count = json_object_get(json_object_get(answer, "state"), "messages");
    int held = count != NULL ? (int)json_integer_value(count) : -1;

    json_decref(answer);
    return held;
}

void nats_holds_at_last(struct nats_world *w, const char *stream, int messages)
{
    int held = -2;

    for (int i = 0; i < TALK_MS / 10; i++) {
        held = nats_holds(w, stream);
        if (held == messages)
            return;
        usleep(10000);
    }
    ck_abort_msg("%s holds %d messages, not %d", stream, held, messages);
}

json_t *nats_last(struct nats_world *w, const char *stream, const char *subject, char *ret_head,
                  size_t bytes)
{
    auto_mem char *ask = mem_printf("$JS.API.STREAM.MSG.GET.%s", stream);
    auto_mem char *what = mem_printf("{\"last_by_subj\":\"%s\"}", subject);
    json_t *answer = nats_asks(w, ask, NULL, what), *body;
    const json_t *message = json_object_get(answer, "message");
    const char *data = json_string_value(json_object_get(message, "data"));
    const char *head = json_string_value(json_object_get(message, "hdrs"));
    auto_done(buf) text = {0};

    ck_assert_ptr_nonnull(data);
    if (head != NULL)
        ck_assert(text_unbase64(&text, head, strlen(head), false, NULL));
    snprintf(ret_head, bytes, "%s", buf_text(&text));
    buf_clear(&text);
    ck_assert(text_unbase64(&text, data, strlen(data), false, NULL));
    body = json_loads(buf_text(&text), 0, NULL);
    ck_assert_ptr_nonnull(body);
    json_decref(answer);
    return body;
}

/* ---- the server ---- */

static uint16_t free_port(void)
{
    uint16_t port;

    close(fake_redis(&port));
    return port;
}

void nats_world_start(struct nats_world *w)
{
    char port[8];
    const char *argv[] = {"nats-server", "-a",   "127.0.0.1",
                          "-p",          port,   w->jetstream ? "-js" : NULL,
                          "-sd",         w->dir, NULL};

    snprintf(port, sizeof port, "%u", w->port);
    w->server = fork();
    ck_assert_int_ge(w->server, 0);
    if (w->server == 0) {
        int null = open("/dev/null", O_RDWR);

        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execv(NATS_SERVER, (char *const *)argv);
        _exit(127);
    }
    for (int i = 0; i < TALK_MS / 10 && (w->peer = try_connect(w->port)) < 0; i++)
        usleep(10000);
    ck_assert_int_ge(w->peer, 0);
    greet(w);
}

void nats_world_begin(struct nats_world *w, bool jetstream)
{
    *w = (struct nats_world){.port = free_port(), .jetstream = jetstream, .peer = -1};
    snprintf(w->dir, sizeof w->dir, "/tmp/orch-nats-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(w->dir));
    nats_world_start(w);
}

void nats_world_kill(struct nats_world *w)
{
    kill(w->server, SIGKILL);
    waitpid(w->server, NULL, 0);
    close(w->peer);
    w->server = 0;
    w->peer = -1;
}

void nats_world_end(struct nats_world *w)
{
    auto_mem char *command = mem_printf("rm -rf '%s'", w->dir);

    if (w->server != 0)
        nats_world_kill(w);
    ck_assert_int_eq(system(command), 0);
}
