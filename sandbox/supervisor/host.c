/* host.c -- see host.h. */
#include "sandbox/supervisor/host.h"

#include "ipc/pack.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

enum { ROOM_MS = 1000 };

void host_tell(struct host *h, enum super_message type, uint64_t id, const void *payload,
               size_t bytes, int fd)
{
    struct frame frame = {.type = (uint16_t)type,
                          .id = id,
                          .payload = payload,
                          .payload_bytes = (uint32_t)bytes,
                          .fds = &fd,
                          .fd_count = fd >= 0};
    struct err e = {0};

    while (h->watch.fd >= 0 && !h->gone && !frame_send(h->watch.fd, &frame, &e)) {
        struct pollfd p = {.fd = h->watch.fd, .events = POLLOUT};

        if (e.sys_errno != EAGAIN && e.sys_errno != ENOBUFS) {
            h->gone = true;
            return;
        }
        poll(&p, 1, ROOM_MS);
    }
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
