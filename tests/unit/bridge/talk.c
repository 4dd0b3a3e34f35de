/* talk.c -- see talk.h. */
#include "talk.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void talk_wait(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    ck_assert_msg(poll(&p, 1, TALK_MS) == 1, "nothing came in %d ms", TALK_MS);
}

/* ---- the host ---- */

void talk_say(int link, enum bridge_message type, struct buf *body)
{
    struct err e = {0};

    ck_good(message_send(link, type, 0, body, -1, &e), &e);
    buf_done(body);
    *body = (struct buf){0};
}

void talk_set_up(int link, const char *url, uint32_t timeout_ms)
{
    struct bridge_setup setup = {.redis = {timeout_ms, 150}};
    struct buf body = {0};

    snprintf(setup.redis_url, sizeof setup.redis_url, "%s", url);
    bridge_setup_pack(&body, &setup);
    talk_say(link, BRIDGE_SETUP, &body);
}

struct bridge_state talk_state(int link)
{
    auto_mem struct frame_in *in = mem_new(struct frame_in);
    auto_done(message) m = {.fd = -1};
    struct bridge_state state;
    struct err e = {0};

    talk_wait(link);
    ck_assert_int_eq(bridge_notice_recv(link, in, &m, &e), FRAME_GOT);
    ck_assert_uint_eq(m.type, BRIDGE_STATE);
    ck_good(bridge_state_unpack(&m, &state, &e), &e);
    return state;
}

struct bridge_state talk_state_until(int link, bool up)
{
    struct bridge_state state;

    do
        state = talk_state(link);
    while (state.up != up);
    return state;
}

void talk_ended(int link)
{
    auto_mem struct frame_in *in = mem_new(struct frame_in);
    enum frame_recv got;

    do {
        auto_done(message) m = {.fd = -1};

        talk_wait(link);
        got = bridge_notice_recv(link, in, &m, NULL);
    } while (got == FRAME_GOT);
    ck_assert_int_eq(got, FRAME_CLOSED);
}

/* ---- Redis ---- */

int fake_redis(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

int fake_accept(int listening)
{
    int peer;

    talk_wait(listening);
    peer = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(peer, 0);
    return peer;
}

static void read_line(int peer, char *ret, size_t bytes)
{
    size_t len = 0;

    do {
        ck_assert_uint_lt(len, bytes - 1);
        talk_wait(peer);
        ck_assert_int_eq(read(peer, ret + len, 1), 1);
    } while (ret[len++] != '\n');
    ret[len - 2] = '\0'; /* CR LF */
}

void fake_hears(int peer, char *ret, size_t bytes)
{
    char line[1024];
    int words;

    *ret = '\0';
    read_line(peer, line, sizeof line);
    ck_assert_int_eq(line[0], '*');
    words = atoi(line + 1);
    for (int i = 0; i < words; i++) {
        read_line(peer, line, sizeof line); /* $LENGTH */
        read_line(peer, line, sizeof line);
        snprintf(ret + strlen(ret), bytes - strlen(ret), "%s%s", i > 0 ? " " : "", line);
    }
}

void fake_expects(int peer, const char *command)
{
    char heard[1024];

    fake_hears(peer, heard, sizeof heard);
    ck_assert_str_eq(heard, command);
}

void fake_says(int peer, const char *reply)
{
    ck_assert_int_eq(write(peer, reply, strlen(reply)), (ssize_t)strlen(reply));
}

int fake_greets(int listening)
{
    int peer = fake_accept(listening);

    fake_expects(peer, "SELECT 0");
    fake_says(peer, "+OK\r\n");
    return peer;
}
