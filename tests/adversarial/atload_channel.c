/* atload_channel.c -- words said before their time: READY twice, forged messages on every
 * descriptor, floods. The layouts are those of sandbox/wire, past and present. */
#include "atload.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { CHANNEL = 3, OUT = 1, ERR = 2, READY = 16, LOG = 17, RESULT = 20, ABOUT_END = 24 };

struct packet {
    uint32_t type, bytes;
    uint32_t words[2];
    char text[1024];
};

static long say(int fd, uint32_t type, uint32_t bytes)
{
    struct packet packet = {type, bytes, {0xffffffff, 0}, ""};

    return RAW3(SYS_write, fd, &packet, 8 + bytes);
}

static void do_ready(void)
{
    tell_result("ready", say(CHANNEL, READY, 4));
}
static void do_ready_twice(void)
{
    do_ready();
    do_ready();
}
/* As if it were loaded, and then work that nobody asked for. */
static void do_ready_spin(void)
{
    do_ready();
    spin();
}
static void do_ready_many(void)
{
    for (int i = 0; i < 100000; i++)
        say(CHANNEL, READY, 4);
}
/* The whole of a good attempt, before there is an input. */
static void do_result_early(void)
{
    do_ready();
    say(CHANNEL, RESULT, 40);
    RAW1(SYS_exit_group, 0);
}
static void do_about(void)
{
    say(CHANNEL, ABOUT_END, 0);
    say(CHANNEL, ABOUT_END, 1024);
}
static void do_flood_log(void)
{
    while (always)
        if (say(CHANNEL, LOG, 1024) < 0)
            return;
}
/* Of what is no message at all. */
static void do_flood_noise(void)
{
    for (uint32_t type = 0; always; type++)
        if (say(CHANNEL, type, 1024) < 0)
            return;
}
static void flood(int fd)
{
    static char bytes[65536];

    memset(bytes, 'x', sizeof bytes);
    while (always)
        if (RAW3(SYS_write, fd, bytes, sizeof bytes) < 0)
            return;
}
static void do_flood_out(void)
{
    flood(OUT);
}
static void do_flood_err(void)
{
    flood(ERR);
}
/* Enough for any pipe, and then loading goes on. */
static void do_flood_some(void)
{
    static char bytes[4096];

    memset(bytes, 'y', sizeof bytes);
    for (int i = 0; i < 64; i++)
        RAW3(SYS_write, OUT, bytes, sizeof bytes);
}

/* A frame of ipc/frame.h: each message that a zygote or a supervisor knows. */
static void forge(int fd, uint16_t type)
{
    struct {
        uint32_t magic;
        uint16_t type, fds;
        uint64_t id;
        uint32_t payload[16];
    } frame = {0x6f726331, type, 0, 1, {1}};

    RAW3(SYS_write, fd, &frame, 16);
    RAW3(SYS_write, fd, &frame, sizeof frame);
}
static void do_forge(void)
{
    for (int fd = 0; fd < 64; fd++)
        for (uint16_t type = 0; type < 128; type++)
            forge(fd, type);
    tell("forged ");
}
/* A descriptor passed where it is taken for one of ours. */
static void do_pass_descriptor(void)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    char text[20] = "1cro";
    struct iovec part = {text, sizeof text};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};

    for (int fd = 3; fd < 64; fd++) {
        long result = RAW3(SYS_sendmsg, fd, &msg, 0x40 /* MSG_DONTWAIT */);

        if (result >= 0)
            tell_result("sendmsg", result);
    }
    tell("sent ");
}

const struct attack channel_attacks[] = {
    CASE(ready),           CASE(ready_twice), CASE(ready_spin), CASE(ready_many),
    CASE(result_early),    CASE(about),       CASE(flood_log),  CASE(flood_noise),
    CASE(flood_out),       CASE(flood_err),   CASE(flood_some), CASE(forge),
    CASE(pass_descriptor), END_OF_CASES,
};
