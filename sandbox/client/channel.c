/* channel.c -- packets to and from one attempt. What comes is untrusted: a packet that is
 * not due, not whole or over a cap ends the attempt. */
#include "sandbox/client/internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    PACKETS_A_TURN = 16,
    PACKET_COST_BYTES = 64,               /* what a packet counts for besides its text */
    CHANNEL_SLACK_BYTES = 4 * 1024 * 1024 /* over the caps of output and log: a flood */
};

/* ---- to the attempt ---- */

static ssize_t send_packet(const struct slot *slot, enum attempt_message type, const void *bytes,
                           size_t len)
{
    struct attempt_head head = {type, (uint32_t)len};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)bytes, len}};
    struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};

    return sendmsg(slot->channel.fd, &msg, MSG_NOSIGNAL);
}

bool channel_send(struct slot *slot, enum attempt_message type)
{
    return slot->channel.fd >= 0 && send_packet(slot, type, NULL, 0) >= 0;
}

void channel_send_input(struct sandbox *sb, struct slot *slot)
{
    struct attempt *a = slot->attempt;

    while (a->input_sent < a->input.len) {
        size_t left = a->input.len - a->input_sent;
        size_t len = left < ATTEMPT_CHUNK_BYTES_MAX ? left : ATTEMPT_CHUNK_BYTES_MAX;

        if (send_packet(slot, len == left ? ATTEMPT_INPUT_END : ATTEMPT_INPUT,
                        a->input.data + a->input_sent, len) < 0) {
            /* Anything but a full socket is a dying process, whose exit will be told. */
            if (errno == EAGAIN || errno == ENOBUFS)
                watch_events(sb, &slot->channel, EPOLLIN | EPOLLOUT);
            return;
        }
        a->input_sent += len;
    }
    if (a->input.data != NULL) {
        buf_done(&a->input);
        a->input_sent = 0;
        watch_events(sb, &slot->channel, EPOLLIN);
    }
    if (a->cancelled && !a->stop_sent)
        a->stop_sent = channel_send(slot, ATTEMPT_STOP);
}

/* ---- from the attempt ---- */

/* Texts are counted where they are cut; this stops packets without end. */
static bool is_flood(struct attempt *a, size_t n)
{
    const struct stream *log = &a->streams[STREAM_LOG];

    a->channel_bytes += n + PACKET_COST_BYTES;
    return a->channel_bytes >
           a->reader.output_bytes_max + log->left + log->dropped + CHANNEL_SLACK_BYTES;
}

static bool on_running_packet(struct sandbox *sb, struct slot *slot, const struct attempt_packet *p,
                              size_t n)
{
    struct attempt *a = slot->attempt;
    struct packet_part part = {0};

    if (is_flood(a, n))
        return false;
    switch (attempt_reader_take(&a->reader, p, n, &part)) {
    case PACKET_LOG:
        stream_text(sb, a, STREAM_LOG, part.level, part.text, part.bytes);
        return true;
    case PACKET_PROGRESS:
        attempt_progressed(sb, a, &part);
        return true;
    case PACKET_HEARTBEAT:
        if (sb->events.on_attempt_heartbeat != NULL)
            sb->events.on_attempt_heartbeat(sb->arg, a->id);
        return true;
    case PACKET_RESULT:
        slot->seen.status = a->reader.result.status;
        slot->seen.agent_unknown = (a->reader.result.flags & RESULT_AGENT_UNKNOWN) != 0;
        slot->seen.frame_complete = a->reader.complete;
        return true;
    default:
        return false;
    }
}

static bool on_packet(struct sandbox *sb, struct slot *slot, const struct attempt_packet *p,
                      size_t n)
{
    uint32_t layers;

    if (slot->state == SLOT_RUNNING)
        return on_running_packet(sb, slot, p, n);
    if (slot->seen.killed != KILL_NONE)
        return true; /* a spare that is no longer wanted */
    if (slot->state != SLOT_CONFINING || !attempt_ready_read(p, n, &layers))
        return false;
    slot_ready(sb, slot, layers);
    return true;
}

/* False when there is nothing more to read for now. */
static bool read_packet(struct sandbox *sb, struct slot *slot)
{
    ssize_t n;

    if (slot->channel.fd < 0)
        return false;
    n = recv(slot->channel.fd, &sb->packet, sizeof sb->packet, MSG_TRUNC | MSG_DONTWAIT);
    if (n < 0)
        return errno == EINTR;
    if (n == 0) {
        watch_close(sb, &slot->channel);
        return false;
    }
    if (!on_packet(sb, slot, &sb->packet, (size_t)n)) {
        slot->seen.frame_bad = true;
        watch_close(sb, &slot->channel); /* no further word is wanted */
        slot_kill(sb, slot, slot->state == SLOT_RUNNING ? KILL_PROTOCOL : KILL_INFRA);
        return false;
    }
    return true;
}

void channel_ready_fd(struct sandbox *sb, struct watch *w, uint32_t events)
{
    struct slot *slot = w->owner;

    if ((events & EPOLLOUT) != 0 && slot->attempt != NULL)
        channel_send_input(sb, slot);
    for (int i = 0; i < PACKETS_A_TURN && slot->state != SLOT_DEAD; i++)
        if (!read_packet(sb, slot))
            return;
}

void channel_drain(struct sandbox *sb, struct slot *slot)
{
    while (slot->state == SLOT_RUNNING && read_packet(sb, slot))
        ;
}
