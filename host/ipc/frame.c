/* frame.c -- see frame.h. */
#include "ipc/frame.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME_MAGIC = 0x6f726331 }; /* "orc1" */

struct frame_head {
    uint32_t magic;
    uint16_t type;
    uint16_t fd_count;
    uint64_t id;
};
static_assert(sizeof(struct frame_head) == 16, "the header has no padding");

union fd_control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(FRAME_FDS_MAX * sizeof(int))];
};

bool frame_pair(int ret_fds[2], struct err *e)
{
    int size = 4 * FRAME_PAYLOAD_BYTES_MAX;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return err_sys(e, "socketpair");
    for (int i = 0; i < 2; i++) {
        /* Without the right to force it the kernel's limit stands; 208 KiB is enough for one. */
        if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
            (void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    memcpy(ret_fds, fds, sizeof fds);
    return true;
}

/* A frame as it is sent; points into itself. */
struct frame_out {
    struct frame_head head;
    struct iovec parts[2];
    union fd_control control;
};

static void add_fds(struct msghdr *msg, union fd_control *control, const struct frame *frame)
{
    struct cmsghdr *c;

    memset(control, 0, sizeof *control);
    msg->msg_control = control;
    msg->msg_controllen = CMSG_SPACE(frame->fd_count * sizeof(int));
    c = CMSG_FIRSTHDR(msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(frame->fd_count * sizeof(int));
    memcpy(CMSG_DATA(c), frame->fds, frame->fd_count * sizeof(int));
}

static struct msghdr message_of(struct frame_out *out, const struct frame *frame)
{
    struct msghdr msg = {.msg_iov = out->parts, .msg_iovlen = frame->payload_bytes > 0 ? 2 : 1};

    assert(frame->fd_count <= FRAME_FDS_MAX && frame->payload_bytes <= FRAME_PAYLOAD_BYTES_MAX);
    out->head = (struct frame_head){FRAME_MAGIC, frame->type, (uint16_t)frame->fd_count, frame->id};
    out->parts[0] = (struct iovec){&out->head, sizeof out->head};
    out->parts[1] = (struct iovec){(void *)frame->payload, frame->payload_bytes};
    if (frame->fd_count > 0)
        add_fds(&msg, &out->control, frame);
    return msg;
}

bool frame_send_some(int sock, const struct frame *const *frames, uint32_t count,
                     uint32_t *ret_sent, struct err *e)
{
    struct frame_out out[FRAMES_AT_ONCE];
    struct mmsghdr messages[FRAMES_AT_ONCE];
    int n;

    assert(count > 0 && count <= FRAMES_AT_ONCE);
    for (uint32_t i = 0; i < count; i++)
        messages[i] = (struct mmsghdr){.msg_hdr = message_of(&out[i], frames[i])};
    do {
        n = sendmmsg(sock, messages, count, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_sys(e, "send frame type %u", frames[0]->type);
    *ret_sent = (uint32_t)n;
    return true;
}

bool frame_send(int sock, const struct frame *frame, struct err *e)
{
    struct frame_out out;
    const struct msghdr msg = message_of(&out, frame);
    ssize_t n;

    do {
        n = sendmsg(sock, &msg, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n >= 0 || err_sys(e, "send frame type %u", frame->type);
}

/* Moves every descriptor of the message into fds; the control buffer has room for exactly
 * FRAME_FDS_MAX, more are dropped by the kernel and show as MSG_CTRUNC. */
static uint32_t take_control_fds(struct msghdr *msg, int fds[FRAME_FDS_MAX])
{
    uint32_t count = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        size_t n;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (count < FRAME_FDS_MAX)
                fds[count++] = fd;
            else
                close(fd);
        }
    }
    return count;
}

static enum frame_recv bad_frame(struct frame_in *in, struct err *e, const char *why)
{
    frame_close_fds(in);
    err_set(e, ERR_CORRUPT, "bad frame: %s", why);
    return FRAME_BAD;
}

/* A message as it is received; points into itself and into the frame that it becomes. */
struct message_in {
    struct frame_head head;
    struct iovec parts[2];
    union fd_control control;
};

static struct msghdr message_for(struct message_in *m, struct frame_in *in)
{
    in->frame = (struct frame){0};
    m->head = (struct frame_head){0};
    m->parts[0] = (struct iovec){&m->head, sizeof m->head};
    m->parts[1] = (struct iovec){in->bytes, sizeof in->bytes};
    return (struct msghdr){.msg_iov = m->parts,
                           .msg_iovlen = 2,
                           .msg_control = &m->control,
                           .msg_controllen = sizeof m->control};
}

static enum frame_recv no_message(struct err *e)
{
    if (errno == EAGAIN)
        return FRAME_NONE;
    if (errno == ECONNRESET)
        return FRAME_CLOSED;
    err_sys(e, "receive frame");
    return FRAME_BAD;
}

static enum frame_recv frame_of(const struct message_in *m, struct msghdr *msg, size_t n,
                                struct frame_in *in, struct err *e)
{
    in->frame.fds = in->fds;
    in->frame.fd_count = take_control_fds(msg, in->fds);
    if (n == 0 && in->frame.fd_count == 0)
        return FRAME_CLOSED;
    if ((msg->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return bad_frame(in, e, "larger than its limit");
    if (n < sizeof m->head || m->head.magic != FRAME_MAGIC)
        return bad_frame(in, e, "no header");
    if (m->head.fd_count != in->frame.fd_count)
        return bad_frame(in, e, "another number of descriptors than it says");
    in->frame.type = m->head.type;
    in->frame.id = m->head.id;
    in->frame.payload = in->bytes;
    in->frame.payload_bytes = (uint32_t)(n - sizeof m->head);
    return FRAME_GOT;
}

enum frame_recv frame_recv(int sock, struct frame_in *in, struct err *e)
{
    struct message_in m;
    struct msghdr msg = message_for(&m, in);
    ssize_t n;

    do {
        n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? no_message(e) : frame_of(&m, &msg, (size_t)n, in, e);
}

enum frame_recv frame_recv_some(int sock, struct frame_batch *ret, struct err *e)
{
    struct message_in m[FRAMES_HEARD_AT_ONCE];
    struct mmsghdr messages[FRAMES_HEARD_AT_ONCE];
    enum frame_recv end = FRAME_NONE;
    int n;

    ret->count = 0;
    for (int i = 0; i < FRAMES_HEARD_AT_ONCE; i++)
        messages[i] = (struct mmsghdr){.msg_hdr = message_for(&m[i], &ret->in[i])};
    do {
        n = recvmmsg(sock, messages, FRAMES_HEARD_AT_ONCE, MSG_CMSG_CLOEXEC | MSG_DONTWAIT, NULL);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return no_message(e);
    for (int i = 0; i < n; i++) {
        struct frame_in *in = &ret->in[i];
        enum frame_recv got = frame_of(&m[i], &messages[i].msg_hdr, messages[i].msg_len, in,
                                       end == FRAME_NONE ? e : NULL);

        if (got == FRAME_GOT && end == FRAME_NONE)
            ret->count++;
        else if (got == FRAME_GOT)
            frame_close_fds(in); /* behind one that was none */
        else if (end == FRAME_NONE)
            end = got;
    }
    return end;
}

void frame_batch_close_fds(struct frame_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++)
        frame_close_fds(&batch->in[i]);
}

int frame_take_fd(struct frame_in *in, uint32_t index)
{
    return index < in->frame.fd_count ? take_fd(&in->fds[index]) : -1;
}

void frame_close_fds(struct frame_in *in)
{
    for (uint32_t i = 0; i < in->frame.fd_count; i++) {
        if (in->fds[i] >= 0)
            close(in->fds[i]);
        in->fds[i] = -1;
    }
}

bool frame_permitted(const struct frame_rule *rules, size_t count, const struct frame *frame,
                     struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        const struct frame_rule *r = &rules[i];

        if (r->type != frame->type)
            continue;
        if (frame->fd_count < r->fds_min || frame->fd_count > r->fds_max)
            return err_set(e, ERR_DENIED, "message %s with %u descriptors", r->name,
                           frame->fd_count);
        if (frame->payload_bytes < r->payload_bytes_min ||
            frame->payload_bytes > r->payload_bytes_max)
            return err_set(e, ERR_DENIED, "message %s with %u bytes", r->name,
                           frame->payload_bytes);
        return true;
    }
    return err_set(e, ERR_DENIED, "message type %u is not for this peer", frame->type);
}
