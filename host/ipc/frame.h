/* frame.h -- one frame a packet over a SOCK_SEQPACKET socket pair: a fixed header, a payload and
 * up to FRAME_FDS_MAX descriptors. Used between our own processes (docs/PROTOCOL.md); the channel
 * to a plugin attempt has its own, smaller format (sandbox/wire/attempt_wire.h).
 *
 * A peer's words are never asserted on: whatever is not a whole, well-formed frame is an error,
 * and its descriptors are closed before the error is returned. */
#ifndef ORCH_IPC_FRAME_H
#define ORCH_IPC_FRAME_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_FDS_MAX = 8,
    FRAME_PAYLOAD_BYTES_MAX = 128 * 1024, /* larger things travel as sealed memfds */
};

struct frame {
    uint16_t type; /* a value of the peer's message table */
    uint64_t id;   /* request and reply carry the same id; 0 for notices */
    const void *payload;
    uint32_t payload_bytes;
    const int *fds;
    uint32_t fd_count;
};

/* A connected pair, close-on-exec, with buffers large enough for FRAME_PAYLOAD_BYTES_MAX. */
bool frame_pair(int ret_fds[2], struct err *e) must_check;

/* Does not consume the descriptors. ERR_UNAVAILABLE with sys_errno EAGAIN when a non-blocking
 * socket is full; ERR_UNAVAILABLE when the peer is gone. */
bool frame_send(int sock, const struct frame *frame, struct err *e) must_check;

/* The first of up to FRAMES_AT_ONCE frames that the socket takes, in one call; *ret_sent says how
 * many. False: it took none, for the reason that frame_send would give. For the host: the others'
 * filters have sendmsg alone. */
enum { FRAMES_AT_ONCE = 16 };
bool frame_send_some(int sock, const struct frame *const *frames, uint32_t count,
                     uint32_t *ret_sent, struct err *e) must_check;

/* Storage for one received frame; reuse it, it is large. */
struct frame_in {
    struct frame frame; /* payload and fds point into this object */
    int fds[FRAME_FDS_MAX];
    uint8_t bytes[FRAME_PAYLOAD_BYTES_MAX];
};

enum frame_recv { FRAME_GOT, FRAME_NONE, FRAME_CLOSED, FRAME_BAD };

/* FRAME_NONE: nothing there now (non-blocking). FRAME_CLOSED: end of file. FRAME_BAD: e is set.
 * With FRAME_GOT the caller owns the descriptors: it takes those it wants with frame_take_fd and
 * calls frame_close_fds for the rest. All are close-on-exec. */
enum frame_recv frame_recv(int sock, struct frame_in *in, struct err *e) must_check;
int frame_take_fd(struct frame_in *in, uint32_t index); /* -1 when there is none */
void frame_close_fds(struct frame_in *in);

/* The frames that are there, as many as there is room for, in one call; those who are not the host
 * or the supervisor have a filter that knows recvmsg alone. Returns what is behind the frames:
 * FRAME_NONE (what comes now makes the socket ready again), FRAME_CLOSED, or FRAME_BAD with e. */
enum { FRAMES_HEARD_AT_ONCE = 4 };
struct frame_batch {
    uint32_t count;
    struct frame_in in[FRAMES_HEARD_AT_ONCE];
};
enum frame_recv frame_recv_some(int sock, struct frame_batch *ret, struct err *e) must_check;
/* The descriptors that nobody took, of all its frames. */
void frame_batch_close_fds(struct frame_batch *batch);

/* A table of what one peer may send: unlisted types, wrong descriptor counts and oversized
 * payloads end the peer (STYLE 4, OpenSSH monitor.c). */
struct frame_rule {
    uint16_t type;
    const char *name;
    uint32_t fds_min, fds_max;
    uint32_t payload_bytes_min, payload_bytes_max;
};
bool frame_permitted(const struct frame_rule *rules, size_t count, const struct frame *frame,
                     struct err *e) must_check;

#endif
