/* stream.h -- what attempts say beside their result: log texts, stdout, stderr. One event is one
 * entry: a text of the log, a line of a pipe without its end; valid UTF-8 without NUL, at most
 * STREAM_LINE_BYTES_MAX, and what is longer goes on in the next entry and says so.
 *
 * What always holds: each byte is either told or counted in dropped, and where some are dropped a
 * mark stands in their place. What is over the cap is thrown away inside the kernel; with secrets
 * stdout and stderr are thrown away whole, since nobody redacted them. */
#ifndef ORCH_SANDBOX_CLIENT_STREAM_H
#define ORCH_SANDBOX_CLIENT_STREAM_H

#include "sandbox/client/events.h"
#include "sandbox/client/loop.h"
#include "sandbox/wire/attempt_wire.h"

enum { STREAM_LINE_BYTES_MAX = 16 * 1024 };

/* Text of one stream on its way to the caller; in its attempt, which ends it. */
struct stream {
    uint64_t limit, left; /* bytes; an entry takes ATTEMPT_LOG_BYTES_MIN at least */
    uint64_t dropped;     /* bytes */
    bool cut;             /* nothing of it is told any more, and the mark says so */
    struct buf line;      /* of a pipe: has not ended yet */
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
    struct watch *watch;
    int null_fd;
    bool withheld;         /* it has secrets: nothing of it is looked at */
    uint64_t *early_bytes; /* what is thrown away before it has an attempt is added here */
    struct speaker speaker;
};

void stream_init(struct stream *s, uint64_t bytes_max);
void stream_done(struct stream *s);

/* An entry of the log. */
void stream_log(const struct speaker *speaker, int32_t level, const char *text, size_t len);
/* What the attempt says of entries that did not leave it; counts are its word. */
void stream_log_lost(const struct speaker *speaker, const struct attempt_log_lost *lost);
/* One read. False when there is nothing more for now; at the pipe's end its watch is closed. */
bool stream_read(const struct stream_pipe *pipe);
/* Nothing follows: tells the line that was not ended, and how much was dropped. */
void stream_end(const struct speaker *speaker);

#endif
