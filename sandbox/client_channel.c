/* client_channel.c -- packets to and from one attempt. What comes is untrusted: a packet that is
 * not due, not whole or over a cap ends the attempt. */
#include "base/mem.h"
#include "sandbox/client_internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    PACKETS_A_TURN = 64,
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

static bool take_head(const struct attempt_packet *p, void *ret, size_t bytes)
{
    if (p->head.bytes < bytes)
        return false;
    memcpy(ret, p->bytes, bytes);
    return true;
}

static bool on_log(struct sandbox *sb, struct attempt *a, const struct attempt_packet *p)
{
    struct attempt_log log;

    if (!take_head(p, &log, sizeof log) || p->head.bytes > sizeof log + ATTEMPT_LOG_BYTES_MAX)
        return false;
    stream_text(sb, a, STREAM_LOG, log.level, p->bytes + sizeof log, p->head.bytes - sizeof log);
    return true;
}

static bool on_progress(struct sandbox *sb, struct attempt *a, const struct attempt_packet *p)
{
    struct attempt_progress progress;

    if (!take_head(p, &progress, sizeof progress) ||
        p->head.bytes > sizeof progress + ATTEMPT_LOG_BYTES_MAX)
        return false;
    if (sb->events.on_attempt_progress != NULL)
        sb->events.on_attempt_progress(sb->arg, a->id, progress.done, progress.total,
                                       (const char *)p->bytes + sizeof progress,
                                       p->head.bytes - sizeof progress);
    return true;
}

static bool add_output(struct attempt *a, const uint8_t *bytes, size_t len)
{
    if (len > a->result.output_bytes - a->output.len)
        return false;
    buf_add(&a->output, bytes, len);
    return true;
}

static bool on_result(struct attempt *a, const struct attempt_packet *p)
{
    struct attempt_result_head *r = &a->result;
    const uint8_t *at = p->bytes + sizeof *r;
    size_t left;

    if (a->result_begun || !take_head(p, r, sizeof *r))
        return false;
    a->result_begun = true;
    left = p->head.bytes - sizeof *r;
    if (r->class_bytes > ATTEMPT_CLASS_BYTES_MAX || r->message_bytes > ATTEMPT_MESSAGE_BYTES_MAX ||
        r->output_bytes > a->output_bytes_max || (uint64_t)r->class_bytes + r->message_bytes > left)
        return false;
    memcpy(a->error_class, at, r->class_bytes);
    a->message = mem_strn((const char *)at + r->class_bytes, r->message_bytes);
    at += r->class_bytes + r->message_bytes;
    return add_output(a, at, left - r->class_bytes - r->message_bytes);
}

static bool result_is_whole(const struct attempt *a)
{
    return a->result_begun && a->output.len == a->result.output_bytes &&
           attempt_crc(0, a->output.data, a->output.len) == a->result.output_crc;
}

static bool on_running_packet(struct sandbox *sb, struct slot *slot, const struct attempt_packet *p)
{
    struct attempt *a = slot->attempt;

    /* Nothing may follow the last byte of a result. */
    if (slot->seen.frame_complete)
        return false;
    switch (p->head.type) {
    case ATTEMPT_LOG:
        return on_log(sb, a, p);
    case ATTEMPT_PROGRESS:
        return on_progress(sb, a, p);
    case ATTEMPT_HEARTBEAT:
        if (sb->events.on_attempt_heartbeat != NULL)
            sb->events.on_attempt_heartbeat(sb->arg, a->id);
        return p->head.bytes == 0;
    case ATTEMPT_RESULT:
        if (!on_result(a, p))
            return false;
        break;
    case ATTEMPT_OUTPUT:
        if (!a->result_begun || p->head.bytes == 0 || !add_output(a, p->bytes, p->head.bytes))
            return false;
        break;
    default:
        return false;
    }
    slot->seen.status = a->result.status;
    slot->seen.agent_unknown = (a->result.flags & RESULT_AGENT_UNKNOWN) != 0;
    slot->seen.frame_complete = result_is_whole(a);
    return slot->seen.frame_complete || a->output.len < a->result.output_bytes;
}

static bool on_packet(struct sandbox *sb, struct slot *slot, const struct attempt_packet *p,
                      size_t n)
{
    struct attempt_ready ready;
    struct attempt *a = slot->attempt;

    if (n < sizeof p->head || p->head.bytes != n - sizeof p->head)
        return false;
    if (slot->state == SLOT_RUNNING) {
        a->channel_bytes += n + PACKET_COST_BYTES;
        return a->channel_bytes <= a->output_bytes_max + a->streams[STREAM_LOG].left +
                                       a->streams[STREAM_LOG].dropped + CHANNEL_SLACK_BYTES &&
               on_running_packet(sb, slot, p);
    }
    if (slot->seen.killed != KILL_NONE)
        return true; /* a spare that is no longer wanted */
    if (slot->state != SLOT_CONFINING || p->head.type != ATTEMPT_READY ||
        p->head.bytes != sizeof ready || !take_head(p, &ready, sizeof ready))
        return false;
    slot_ready(sb, slot, ready.layers);
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
    if ((size_t)n > sizeof sb->packet || !on_packet(sb, slot, &sb->packet, (size_t)n)) {
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
