/* channel.c -- see channel.h. */
#include "sandbox/client/channel.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
    PACKET_COST_BYTES = 64,                /* what a packet counts for besides its text */
    CHANNEL_SLACK_BYTES = 4 * 1024 * 1024, /* over the caps of output and log: a flood */
    CHANNEL_BYTES_A_MS = 256,              /* notes and signs of life that never end are none */
};

/* ---- to the attempt ---- */

static ssize_t send_packet(const struct watch *channel, enum attempt_message type,
                           const void *bytes, size_t len)
{
    struct attempt_head head = {type, (uint32_t)len};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)bytes, len}};
    struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};

    return sendmsg(channel->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool channel_send(const struct watch *channel, enum attempt_message type)
{
    return channel->fd >= 0 && send_packet(channel, type, NULL, 0) >= 0;
}

void channel_send_input(struct loop *loop, struct watch *channel, struct attempt *a)
{
    while (a->input_sent < a->input.len) {
        size_t left = a->input.len - a->input_sent;
        size_t len = left < ATTEMPT_CHUNK_BYTES_MAX ? left : ATTEMPT_CHUNK_BYTES_MAX;

        if (send_packet(channel, len == left ? ATTEMPT_INPUT_END : ATTEMPT_INPUT,
                        a->input.data + a->input_sent, len) < 0) {
            /* Anything but a full socket is a dying process, whose exit will be told. */
            if (errno == EAGAIN || errno == ENOBUFS)
                watch_events(loop, channel, EPOLLIN | EPOLLOUT);
            return;
        }
        a->input_sent += len;
    }
    if (a->input.data != NULL) {
        buf_done(&a->input);
        a->input_sent = 0;
        watch_events(loop, channel, EPOLLIN);
    }
    if (a->cancelled && !a->stop_sent)
        a->stop_sent = channel_send(channel, ATTEMPT_STOP);
}

/* ---- from the attempt ---- */

bool channel_read(const struct watch *channel, struct channel_in *in)
{
    struct mmsghdr heads[CHANNEL_PACKETS] = {0};
    struct iovec parts[CHANNEL_PACKETS];
    int n;

    in->count = 0;
    if (channel->fd < 0)
        return false;
    for (int i = 0; i < CHANNEL_PACKETS; i++) {
        parts[i] = (struct iovec){&in->packets[i], sizeof in->packets[i]};
        heads[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    n = recvmmsg(channel->fd, heads, CHANNEL_PACKETS, MSG_TRUNC | MSG_DONTWAIT, NULL);
    /* Reset: it ended with something of ours unread. Told once; what it sent is still there. */
    if (n < 0)
        return errno == EINTR || errno == ECONNRESET;
    for (in->count = 0; in->count < (size_t)n; in->count++)
        in->bytes[in->count] = heads[in->count].msg_len;
    return true;
}

/* Entries of the log within its cap are counted there; this stops packets without end. */
static bool is_flood(struct attempt *a, const struct attempt_packet *packet, size_t n,
                     int64_t now_ns)
{
    uint64_t passed_ms = (uint64_t)(now_ns > a->started_ns ? now_ns - a->started_ns : 0) / 1000000;

    if (packet->head.type == ATTEMPT_LOG && !a->streams[STREAM_LOG].cut)
        return false;
    a->channel_bytes += n + PACKET_COST_BYTES;
    return a->channel_bytes >
           a->reader.output_bytes_max + CHANNEL_SLACK_BYTES + passed_ms * CHANNEL_BYTES_A_MS;
}

static void progressed(const struct attempt *a, const struct packet_part *part,
                       struct events *events)
{
    auto_done(buf) note = {0};

    text_add_utf8(&note, part->text, part->bytes);
    events_progress(events, a->id, part->done, part->total, &note);
}

bool channel_take(struct attempt *a, const struct attempt_packet *packet, size_t n,
                  struct events *events, struct observed *seen)
{
    struct speaker log = {events, a->id, STREAM_LOG, &a->streams[STREAM_LOG]};
    struct packet_part part = {0};

    if (is_flood(a, packet, n, clock_mono_ns()))
        return false;
    switch (attempt_reader_take(&a->reader, packet, n, &part)) {
    case PACKET_LOG:
        stream_log(&log, part.level, part.text, part.bytes);
        return true;
    case PACKET_LOG_LOST:
        stream_log_lost(&log, &part.lost);
        return true;
    case PACKET_PROGRESS:
        progressed(a, &part, events);
        return true;
    case PACKET_HEARTBEAT:
        events_heartbeat(events, a->id);
        return true;
    case PACKET_CRASHED:
        return true;
    case PACKET_RESULT:
        seen->output_refused = a->reader.result.output_refused > 0;
        seen->status = a->reader.result.status;
        seen->agent_unknown = (a->reader.result.flags & RESULT_AGENT_UNKNOWN) != 0;
        seen->frame_complete = a->reader.complete;
        return true;
    default:
        return false;
    }
}
