/* host.c -- see host.h. */
#include "sandbox/supervisor/host.h"

#include "ipc/pack.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

enum { ROOM_MS = 1000 };

static void await_room(struct host *h, const struct err *e)
{
    struct pollfd p = {.fd = h->watch.fd, .events = POLLOUT};

    if (e->sys_errno != EAGAIN && e->sys_errno != ENOBUFS)
        h->gone = true;
    else
        poll(&p, 1, ROOM_MS);
}

static bool is_heard(const struct host *h)
{
    return h->watch.fd >= 0 && !h->gone;
}

static void send_all(struct host *h, const struct frame *const *frames, uint32_t count)
{
    uint32_t sent = 0;
    struct err e = {0};

    while (sent < count && is_heard(h)) {
        uint32_t some = 0;

        if (!frame_send_some(h->watch.fd, frames + sent, count - sent, &some, &e))
            await_room(h, &e);
        sent += some;
    }
}

static void tell_together(struct host *h, const struct spawned *spawned, uint32_t count)
{
    struct frame frames[FRAMES_HEARD_AT_ONCE];
    const struct frame *all[FRAMES_HEARD_AT_ONCE];

    for (uint32_t i = 0; i < count; i++) {
        const struct spawned *s = &spawned[i];

        frames[i] = (struct frame){.type = MSG_SPAWNED,
                                   .id = s->id,
                                   .payload = &s->layers,
                                   .payload_bytes = sizeof s->layers,
                                   .fds = &s->pidfd,
                                   .fd_count = 1};
        all[i] = &frames[i];
    }
    send_all(h, all, count);
}

void host_flush(struct host *h)
{
    const struct spawned *first = h->spawned;
    uint32_t count = h->spawned_count;

    h->spawned_count = 0;
    if (count == 1)
        host_tell(h, MSG_SPAWNED, first->id, &first->layers, sizeof first->layers, first->pidfd);
    else if (count > 1)
        tell_together(h, first, count);
}

void host_flush_of(struct host *h, uint64_t id)
{
    for (uint32_t i = 0; i < h->spawned_count; i++)
        if (h->spawned[i].id == id) {
            host_flush(h);
            return;
        }
}

void host_tell_spawned(struct host *h, uint64_t id, uint32_t layers, int pidfd)
{
    if (h->spawned_count == FRAMES_HEARD_AT_ONCE)
        host_flush(h);
    h->spawned[h->spawned_count++] = (struct spawned){id, layers, pidfd};
}

void host_tell(struct host *h, enum super_message type, uint64_t id, const void *payload,
               size_t bytes, int fd)
{
    const struct frame frame = {.type = (uint16_t)type,
                                .id = id,
                                .payload = payload,
                                .payload_bytes = (uint32_t)bytes,
                                .fds = &fd,
                                .fd_count = fd >= 0};
    struct err e = {0};

    host_flush(h);
    while (is_heard(h) && !frame_send(h->watch.fd, &frame, &e))
        await_room(h, &e);
}

void host_tell_text(struct host *h, enum super_message type, uint64_t id, const char *text)
{
    host_tell(h, type, id, text, strlen(text), -1);
}

void host_tell_zygote_gone(struct host *h, uint64_t id, enum err_code code, const char *why)
{
    auto_done(buf) b = {0};

    pack_u32(&b, code);
    pack_str(&b, why);
    host_tell(h, MSG_ZYGOTE_GONE, id, b.data, b.len, -1);
}
