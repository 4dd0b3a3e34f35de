/* stream.h -- what attempts say beside their result: log texts, stdout, stderr. Capped by bytes,
 * valid UTF-8 when it leaves here, kept only until the turn is told. What is over the cap is thrown
 * away inside the kernel and counted; with secrets stdout and stderr are thrown away whole, since
 * nobody redacted them. */
#ifndef ORCH_SANDBOX_CLIENT_STREAM_H
#define ORCH_SANDBOX_CLIENT_STREAM_H

#include "sandbox/client/events.h"
#include "sandbox/client/loop.h"

/* Text of one stream on its way to the caller; in its attempt. */
struct stream {
    uint64_t left, dropped;
    bool marked;
    uint8_t carry[4]; /* a character cut by the packet's end */
    uint8_t carry_bytes;
};

/* Whose text it is. */
struct speaker {
    struct events *events;
    uint64_t attempt;
    enum attempt_stream which;
    struct stream *stream; /* NULL: the process has no attempt yet */
};

/* A pipe that a process writes to. */
struct stream_pipe {
    struct loop *loop;
    struct watch *watch;
    int null_fd;
    bool withheld;         /* it has secrets: nothing of it is looked at */
    uint64_t *early_bytes; /* what is thrown away before it has an attempt is added here */
    struct speaker speaker;
};

void stream_text(const struct speaker *speaker, int32_t level, const void *bytes, size_t len);
/* One read. False when there is nothing more for now; at the pipe's end its watch is closed. */
bool stream_read(const struct stream_pipe *pipe);

#endif
