/* attempt.h -- what the caller asked for, from its order to its answer.
 *
 * Owns the packed input, what came of the result and the streams' counts. An attempt is in one of
 * these places, and leaves each for a later one only:
 *
 *   waiting    in the queue of a pool (queue != NULL), or reserved with a slot that is to be
 *   running    its slot has its input (started_ns != 0)
 *   reading    ended well, without a slot; its output is with the thread that reads JSON: a stop
 * that comes now comes too late decided    in attempts->done with an outcome, without a slot, until
 * the turn is told
 *
 * What always holds: once an outcome is set it stands, and no packet is read for the attempt any
 * more. The process is the slot's (slot.h); this part sends nothing and reads no descriptor. */
#ifndef ORCH_SANDBOX_CLIENT_ATTEMPT_H
#define ORCH_SANDBOX_CLIENT_ATTEMPT_H

#include "base/json_thread.h"
#include "sandbox/client/client.h"
#include "sandbox/client/stream.h"
#include "sandbox/wire/attempt_reader.h"

#include <sys/queue.h>

struct slot;

TAILQ_HEAD(attempt_list, attempt);

/* Those that have no process yet, in the order they came. */
struct attempt_queue {
    struct attempt_list list;
    uint32_t count;
};

struct attempt {
    uint32_t magic;
    TAILQ_ENTRY(attempt) link; /* in queue, or in attempts->reading, or in attempts->done */
    TAILQ_ENTRY(attempt) hash_link;
    TAILQ_ENTRY(attempt) begun_link; /* in attempts->begun while begun_due */
    struct attempts *home;
    uint64_t id;
    struct attempt_queue *queue; /* NULL: not waiting in one */
    struct slot *slot;           /* opaque here */
    char *agent_id;
    enum isolation isolation;
    uint32_t required_layers;
    int min_level;
    int64_t deadline_ns;
    struct attempt_limits limits;
    struct buf input; /* packed; emptied when sent */
    size_t input_sent;
    bool begun_due, reading;
    bool cancelled, stop_sent;
    int64_t started_ns, ended_ns;
    uint32_t layers, layers_said; /* outer and inner, of its process */
    struct stream streams[3];
    uint64_t channel_bytes;
    struct attempt_reader reader;
    /* Decided. */
    enum outcome outcome;
    char *reason;            /* for outcomes that no frame explains */
    struct json_read output; /* ok: the output as a tree and its two texts */
    struct observed seen;
    uint64_t memory_peak;
};

enum { ATTEMPT_BUCKETS = 512 };

struct attempts {
    struct sandbox_counts *counts;
    struct json_thread *json; /* freed before the attempts that it reads for */
    uint32_t count;
    struct attempt_list reading;
    struct attempt_list begun, done; /* on_attempt_started, on_attempt_done are due */
    TAILQ_HEAD(attempt_bucket, attempt) buckets[ATTEMPT_BUCKETS];
};

void attempts_init(struct attempts *attempts, struct sandbox_counts *counts);

/* spec is complete (spec.h); takes input. */
struct attempt *attempt_new(struct attempts *attempts, uint64_t id, const struct attempt_spec *spec,
                            struct buf *input);
/* NULL: there is none, or its answer was told. Asserts that what it finds is an attempt. */
struct attempt *attempt_find(struct attempts *attempts, uint64_t id);
void attempt_free(struct attempt *a);

void attempt_queue_init(struct attempt_queue *queue);
void attempt_queue_add(struct attempt_queue *queue, struct attempt *a);
/* The first; NULL when it is empty. */
struct attempt *attempt_queue_take(struct attempt_queue *queue);

/* False when input must not be given to a process with these outer layers. */
bool attempt_accepts(const struct attempt *a, uint32_t layers);
/* Its input was handed over: the caller is told this turn. */
void attempt_begun(struct attempt *a);
/* The next that began, out of the list; NULL: none. */
struct attempt *attempts_next_begun(struct attempts *attempts);

/* It never ran, or nobody knows how it ended. */
void attempt_gave_up(struct attempt *a, enum outcome outcome, const char *reason);
/* The process is gone and everything it wrote was read. */
void attempt_ended(struct attempt *a, const struct observed *seen);
/* The next that is decided, out of the list but for the caller to free; NULL: none. */
struct attempt *attempts_next_done(struct attempts *attempts);

#endif
