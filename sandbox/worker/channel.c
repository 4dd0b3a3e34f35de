/* channel.c -- packets on descriptor 3. See worker.h. */
#include "sandbox/worker/worker.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

bool channel_read(struct attempt_packet *ret)
{
    ssize_t n;

    do {
        n = read(FD_CHANNEL, ret, sizeof *ret);
    } while (n < 0 && errno == EINTR);
    return n >= (ssize_t)sizeof ret->head && ret->head.bytes == (size_t)n - sizeof ret->head;
}

bool channel_write(enum attempt_message type, const void *head, size_t head_bytes, const void *tail,
                   size_t tail_bytes)
{
    struct attempt_head first = {type, (uint32_t)(head_bytes + tail_bytes)};
    struct iovec parts[3] = {{&first, sizeof first},
                             {(void *)head, head_bytes},
                             {(void *)tail, tail_bytes}};
    ssize_t n;

    assert(head_bytes + tail_bytes <= ATTEMPT_CHUNK_BYTES_MAX);
    do {
        n = writev(FD_CHANNEL, parts, 3);
    } while (n < 0 && errno == EINTR);
    return n >= 0;
}

static bool channel_ready(short event, int wait_ms)
{
    struct pollfd p = {.fd = FD_CHANNEL, .events = event};

    return poll(&p, 1, wait_ms) == 1 && (p.revents & event) != 0;
}

bool channel_writable(int wait_ms)
{
    return channel_ready(POLLOUT, wait_ms);
}

bool channel_try_write(enum attempt_message type, const void *head, size_t head_bytes,
                       const void *tail, size_t tail_bytes)
{
    return channel_writable(0) && channel_write(type, head, head_bytes, tail, tail_bytes);
}

bool channel_readable(void)
{
    return channel_ready(POLLIN, 0);
}
