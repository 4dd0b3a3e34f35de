/* message.c -- see message.h. */
#include "ipc/message.h"

#include "base/fd.h"

#include <sys/mman.h>
#include <sys/stat.h>

void message_done(struct message *m)
{
    if (m->mapping != NULL)
        munmap(m->mapping, m->mapping_bytes);
    auto_close_fd(&m->fd);
    *m = (struct message){.fd = -1};
}

bool message_send(int sock, unsigned type, uint64_t id, const struct buf *body, int fd,
                  struct err *e)
{
    auto_fd memfd = -1;
    int fds[2];
    struct frame frame = {.type = (uint16_t)type, .id = id, .fds = fds};

    if (fd >= 0)
        fds[frame.fd_count++] = fd;
    if (body->len <= FRAME_PAYLOAD_BYTES_MAX) {
        frame.payload = body->data;
        frame.payload_bytes = (uint32_t)body->len;
        return frame_send(sock, &frame, e);
    }
    if (!memfd_sealed("message", body->data, body->len, false, &memfd, e))
        return false;
    fds[frame.fd_count++] = memfd;
    return frame_send(sock, &frame, e);
}

/* Maps the body that came as a memfd. Sealed, so that it cannot change under the reader. */
static bool map_body(const struct message_rule *rule, int fd, struct message *m, struct err *e)
{
    struct stat st;

    if (!memfd_is_sealed(fd) || fstat(fd, &st) < 0)
        return err_set(e, ERR_DENIED, "message %s with a body that is not sealed",
                       rule->frame.name);
    if (st.st_size <= 0 || (size_t)st.st_size > rule->body_bytes_max)
        return err_set(e, ERR_DENIED, "message %s with a body of %jd bytes", rule->frame.name,
                       (intmax_t)st.st_size);
    m->mapping = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (m->mapping == MAP_FAILED) {
        m->mapping = NULL;
        return err_sys(e, "map the body of message %s", rule->frame.name);
    }
    m->mapping_bytes = m->body_bytes = (size_t)st.st_size;
    m->body = m->mapping;
    return true;
}

/* Which of the frame's descriptors is what follows from their number. */
static bool open_body(const struct message_rule *rule, struct frame_in *in, struct message *m,
                      struct err *e)
{
    uint32_t own_fds = rule->frame.fds_min;

    if (own_fds > 0)
        m->fd = frame_take_fd(in, 0);
    if (in->frame.fd_count > own_fds) {
        auto_fd memfd = frame_take_fd(in, own_fds);

        if (in->frame.payload_bytes > 0)
            return err_set(e, ERR_DENIED, "message %s with two bodies", rule->frame.name);
        return map_body(rule, memfd, m, e);
    }
    if (in->frame.payload_bytes > rule->body_bytes_max)
        return err_set(e, ERR_DENIED, "message %s with %u bytes", rule->frame.name,
                       in->frame.payload_bytes);
    m->body = in->frame.payload;
    m->body_bytes = in->frame.payload_bytes;
    return true;
}

static bool accept_frame(message_rule_fn *rule_of, struct frame_in *in, struct message *m,
                         struct err *e)
{
    const struct message_rule *rule = rule_of(in->frame.type);

    if (rule == NULL)
        return err_set(e, ERR_DENIED, "message type %u is not for this peer", in->frame.type);
    return frame_permitted(&rule->frame, 1, &in->frame, e) && open_body(rule, in, m, e);
}

enum frame_recv message_recv(int sock, message_rule_fn *rule_of, struct frame_in *in,
                             struct message *ret, struct err *e)
{
    auto_done(message) m = {.fd = -1};
    enum frame_recv got = frame_recv(sock, in, e);

    if (got != FRAME_GOT)
        return got;
    m.type = in->frame.type;
    m.id = in->frame.id;
    if (!accept_frame(rule_of, in, &m, e)) {
        frame_close_fds(in);
        return FRAME_BAD;
    }
    *ret = m;
    m = (struct message){.fd = -1};
    return FRAME_GOT;
}
