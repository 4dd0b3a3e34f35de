/* taken.c -- see taken.h. The linker gives every call of NAME to __wrap_NAME (--wrap). */
#include "taken.h"

#include "base/json.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 8192 };

static struct {
    uint64_t calls, bytes;
} of[DESCRIPTORS_MAX];
static int touched[DESCRIPTORS_MAX];
static uint64_t touched_count, parsed_bytes, texts_parsed;
static _Thread_local int in_turn; /* what another thread does holds no turn */

static ssize_t note(int fd, ssize_t n)
{
    if (!in_turn || n <= 0)
        return n;
    ck_assert_int_lt(fd, DESCRIPTORS_MAX);
    if (of[fd].calls++ == 0)
        touched[touched_count++] = fd;
    of[fd].bytes += (uint64_t)n;
    return n;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void taken_turn_begin(void)
{
    in_turn = 1;
}

void taken_turn_end(struct taken *most)
{
    in_turn = 0;
    most->descriptors = larger(most->descriptors, touched_count);
    for (uint64_t i = 0; i < touched_count; i++) {
        int fd = touched[i];

        most->calls = larger(most->calls, of[fd].calls);
        most->bytes = larger(most->bytes, of[fd].bytes);
        memset(&of[fd], 0, sizeof of[fd]);
    }
    most->parsed_bytes = larger(most->parsed_bytes, parsed_bytes);
    most->texts_parsed += texts_parsed;
    touched_count = parsed_bytes = texts_parsed = 0;
}

/* ---- the calls ---- */

#define WRAPPED(ret, name, ...)                                                                    \
    ret __real_##name(__VA_ARGS__);                                                                \
    ret __wrap_##name(__VA_ARGS__);                                                                \
    ret __wrap_##name(__VA_ARGS__)

WRAPPED(ssize_t, recv, int fd, void *bytes, size_t len, int flags)
{
    return note(fd, __real_recv(fd, bytes, len, flags));
}

WRAPPED(ssize_t, recvmsg, int fd, struct msghdr *msg, int flags)
{
    return note(fd, __real_recvmsg(fd, msg, flags));
}

/* Each message as a call of its own. */
WRAPPED(int, recvmmsg, int fd, struct mmsghdr *messages, unsigned count, int flags,
        struct timespec *timeout)
{
    int n = __real_recvmmsg(fd, messages, count, flags, timeout);

    for (int i = 0; i < n; i++)
        note(fd, (ssize_t)messages[i].msg_len);
    return n;
}

WRAPPED(ssize_t, read, int fd, void *bytes, size_t len)
{
    return note(fd, __real_read(fd, bytes, len));
}

WRAPPED(ssize_t, splice, int fd, off64_t *from, int to, off64_t *at, size_t len, unsigned flags)
{
    return note(fd, __real_splice(fd, from, to, at, len, flags));
}

WRAPPED(bool, json_parse, const char *text, size_t len, const struct json_limits *limits,
        json_t **ret, struct json_place *ret_place, struct err *e)
{
    if (in_turn) {
        parsed_bytes = larger(parsed_bytes, len);
        texts_parsed++;
    }
    return __real_json_parse(text, len, limits, ret, ret_place, e);
}
