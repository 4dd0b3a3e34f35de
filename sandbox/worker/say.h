/* say.h -- the way out for what an attempt says beside its result: the log, notes of progress,
 * signs of life. Texts are redacted first and cut afterwards.
 *
 * What always holds: what is within the log's budget leaves in its order, or a LOG_LOST stands in
 * its place and counts it. For a host that does not read, a call waits SAY_WAIT_MS once; then what
 * is said waits in here, up to SAY_WAITING_BYTES_MAX, until the host reads again. Not thread-safe:
 * the caller locks. */
#ifndef ORCH_SANDBOX_WORKER_SAY_H
#define ORCH_SANDBOX_WORKER_SAY_H

#include "base/buf.h"
#include "sandbox/wire/attempt_wire.h"
#include "sandbox/worker/redact.h"

enum { SAY_WAIT_MS = 100, SAY_WAITING_BYTES_MAX = 256 * 1024 };

struct say {
    const struct redactor *redactor;
    uint64_t left;                /* of the log's budget, bytes */
    bool closed;                  /* it is spent: what comes is only counted */
    bool stalled;                 /* one wait was in vain; no other until the host has read */
    struct buf waiting;           /* packets with their heads, oldest first */
    struct attempt_log_lost lost; /* why 0: nothing is to be told */
    int64_t credit_ns, seen_ns;   /* of notes: see NOTE_NS in say.c */
    bool note_waits;              /* note and progress are the latest and did not leave yet */
    struct attempt_progress progress;
    struct buf note;
};

void say_begin(struct say *s, const struct redactor *redactor, uint64_t log_bytes_max);
void say_log(struct say *s, int32_t level, const char *text, size_t len);
/* Only the latest counts: one that follows too soon waits, and the next takes its place. */
void say_progress(struct say *s, const struct attempt_progress *progress, const char *note,
                  size_t len);
void say_heartbeat(struct say *s);
/* What waits, as far as the host takes it now. */
void say_flush(struct say *s);
/* All that waits, and what was lost at last: waits for the host, as the result does. */
void say_finish(struct say *s);

/* Bytes of text up to most, without cutting a character in two. */
size_t say_cut(const char *text, size_t len, size_t most);

#endif
