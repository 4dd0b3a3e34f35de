/* message.h -- a message of a link: a frame whose body may be larger than one. The body is the
 * frame's payload; a larger one travels as a sealed memfd, the frame's last descriptor, with an
 * empty payload.
 *
 * Each end of a link has a table of what the other may send. Whoever sends a message that is not in
 * it, has other descriptors or is too large has broken the link. */
#ifndef ORCH_IPC_MESSAGE_H
#define ORCH_IPC_MESSAGE_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "ipc/frame.h"

/* The frame's own limits beside the body's; a memfd adds one descriptor. */
struct message_rule {
    struct frame_rule frame;
    size_t body_bytes_max;
};
/* With so many descriptors besides the body's. */
#define MESSAGE_RULE(type, name, fds, bytes)                                                       \
    {                                                                                              \
        {(type), (name), (fds), (fds) + 1, 0, FRAME_PAYLOAD_BYTES_MAX}, (bytes)                    \
    }

/* One received message. The body lies in the frame_in or in the mapping of a memfd. */
struct message {
    unsigned type;
    uint64_t id;
    const void *body;
    size_t body_bytes;
    int fd; /* -1: none */
    void *mapping;
    size_t mapping_bytes;
};
void message_done(struct message *m);
DEFINE_AUTO_DONE(message)

/* fd is not consumed; -1 for none. Errors as frame_send. */
bool message_send(int sock, unsigned type, uint64_t id, const struct buf *body, int fd,
                  struct err *e) must_check;

/* What may come; NULL: nothing of this type. */
typedef const struct message_rule *message_rule_fn(unsigned type);
/* FRAME_GOT gives *ret, to be released with message_done, valid until in is reused. */
enum frame_recv message_recv(int sock, message_rule_fn *rule_of, struct frame_in *in,
                             struct message *ret, struct err *e) must_check;

#endif
