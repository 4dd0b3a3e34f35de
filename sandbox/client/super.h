/* super.h -- the client's link to the supervisor: starts it, tells it, hears it, ends it. Says
 * nothing about what the messages mean: whoever made the link is given each one.
 *
 * Owns the supervisor's process, the socket and the frames that wait for the turn's end or for room
 * in it. What always holds: frames leave in the order they were told; descriptors given to
 * super_tell are closed here; once gone, the link stays gone, and nothing is sent or heard any
 * more.
 *
 * What may be said is in sandbox/wire/super_wire.h: after HELLO only what the table in super.c
 * lists; anything else loses the supervisor, and with it everything below. */
#ifndef ORCH_SANDBOX_CLIENT_SUPER_H
#define ORCH_SANDBOX_CLIENT_SUPER_H

#include "sandbox/client/client.h"
#include "sandbox/client/loop.h"
#include "sandbox/wire/super_wire.h"

#include <sys/queue.h>
#include <sys/types.h>

/* The frame may be kept only for the call; a descriptor is taken with frame_take_fd. False: what it
 * says cannot be, and the supervisor is lost. */
typedef bool super_heard_fn(void *owner, struct frame_in *in);

/* A descriptor that frames name as long as they wait: whoever has it drops it, and so do they. */
struct shared_fd {
    int fd;
    uint32_t refs;
};

/* Takes fd, for one who drops it. */
struct shared_fd *shared_fd_new(int fd);
/* Accepts NULL. */
void shared_fd_drop(struct shared_fd *shared);

struct super_link {
    struct loop *loop;
    struct watch watch;
    int unheard; /* our end, until it said HELLO; -1: none */
    char *path;  /* of its program */
    pid_t pid;
    bool gone;
    bool full; /* the socket: it says when there is room */
    uint64_t last_id;
    uint32_t unanswered; /* beats since the ping that waits for its answer; 0: none does */
    struct layer_report report;
    STAILQ_HEAD(out_queue, out_frame) outbox;
    super_heard_fn *heard;
    void *owner;
    struct frame_batch in;
};

void super_init(struct super_link *super, struct loop *loop, super_heard_fn *heard, void *owner);
bool super_begin(struct super_link *super, const struct sandbox_options *options,
                 struct err *e) must_check;
/* Waits for its report, at most 10 s. */
bool super_hear_hello(struct super_link *super, struct err *e) must_check;
/* Ends the link: the supervisor sees it and goes, with all below. */
void super_stop(struct super_link *super);
/* Waits for the process, and kills it when that takes too long. */
void super_await(struct super_link *super);

/* Asks it for a sign of life, if none is due; for how many beats one has been due. Whoever calls it
 * does so at the pace of his own turns: a host that stood still as well counts nothing. */
uint32_t super_beat(struct super_link *super);
/* It does not answer: the link is gone, and so is all below it. */
void super_kill(struct super_link *super);

/* The number of an attempt, a slot or a zygote: they share one sequence, so that none is ever taken
 * for another. */
uint64_t super_next_id(struct super_link *super);
/* Leaves with the next super_flush. Takes the descriptors in any case; payload is copied. */
void super_tell(struct super_link *super, enum super_message type, uint64_t id, const void *payload,
                size_t bytes, int *fds, uint32_t fd_count);
/* The same for a frame whose last descriptor, behind its own, is a shared one (or NULL). */
void super_tell_frame(struct super_link *super, const struct frame *frame,
                      struct shared_fd *shared);
/* True when something was told and not sent, and the socket was not full. */
bool super_owes(const struct super_link *super);
/* What was told since, by as few calls as can be. */
void super_flush(struct super_link *super);

#endif
