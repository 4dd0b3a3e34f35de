/* inside.h -- what the tasks of NATS are made of. Inside this room only.
 *
 * A message is known here as an entry from when it is first seen, added or named by the host until
 * the host is done with it: then it is a job until it is gone. Both are found by the stream's
 * sequence. What the host is told of a queue's entries is told anew in each epoch: after a
 * connection was lost, and when the lane begins to read. */
#ifndef ORCH_BRIDGE_NATS_INSIDE_H
#define ORCH_BRIDGE_NATS_INSIDE_H

#include "bridge/nats/answer.h"
#include "bridge/nats/link.h"
#include "bridge/nats/names.h"
#include "bridge/nats/tasks.h"

#include <sys/queue.h>
#include <uthash.h>

#define MS_NS 1000000LL
enum {
    NATS_PULL_MS = 1000,                       /* that a request for messages waits at the server */
    NATS_TOLD_MAX = BRIDGE_UNANSWERED_MAX / 2, /* the other half is on its way */
    NATS_ACK_TRIES = 3,
};

struct nats_entry {
    uint64_t sequence;
    struct nats_queue *queue;
    char *reply;         /* NULL: not delivered to us */
    uint32_t deliveries; /* of those to anybody */
    uint64_t epoch;      /* it was told, or the host named it, last */
    uint64_t seen;       /* the scan that last did, or before which it came */
    bool unanswered;
    bool claimed, checking; /* the host waits for CLAIMED; whether it is there is asked */
    int64_t claimed_ns;
    TAILQ_ENTRY(nats_entry) link;      /* of its queue */
    TAILQ_ENTRY(nats_entry) of_claims; /* while claimed */
    UT_hash_handle hh;
};
TAILQ_HEAD(nats_entry_list, nats_entry);

struct nats_queue {
    struct nats_lane *lane;
    struct bridge_queue name;
    char *consumer, *filter;
    bool ready, beginning, looking; /* its consumer is there, is asked for, is looked at */
    bool complained;                /* of a consumer that cannot be */
    uint64_t epoch;
    /* A scan reads the queue's messages from the first to the last without their being delivered.
     */
    bool scanning, scan_asked, scan_stale;
    uint64_t scan, cursor;
    bool rescan;       /* there is something to be told */
    int64_t rescan_ns; /* then there will be; 0: never */
    bool short_of;     /* entries, as the last look says */
    uint32_t unanswered, pulled, claims, known;
    uint64_t pull; /* what was pulled by, while that is more than 0 */
    struct nats_entry_list entries;
};

struct nats_lane {
    struct nats_tasks *owner;
    char name[BRIDGE_LANE_BYTES_MAX];
    bool reads, left;
    unsigned asked; /* answers that are awaited for it: it stays until they came */
    struct nats_queue queues[2];
    UT_hash_handle hh;
};

struct nats_job;
TAILQ_HEAD(nats_job_list, nats_job);

struct nats_tasks {
    struct bridge_setup setup;
    struct bridge_teller teller;
    struct nats_link *link;
    bool streams, checking; /* they are there, are looked at */
    bool told_up, told_lost;
    struct js_stream stream;
    bool missed; /* it was not there at the last look */
    struct nats_lane *lanes;
    struct nats_entry *entries;
    struct nats_entry_list claims; /* the oldest first */
    struct nats_job *jobs_by_sequence;
    struct nats_job_list jobs, resting;
    size_t letters_bytes;
    bool ending;
    uv_timer_t sweep, keep, tick;
    uv_timer_cb on_tick;
    unsigned closed;
};

static inline struct nats_tasks *nats_owner(const struct nats_queue *q)
{
    return q->lane->owner;
}

/* ---- tell.c ---- */

/* Appends nothing when the bridge ends. Takes the bytes of body. */
void nats_tell(const struct nats_tasks *t, enum bridge_message type, struct buf *body);
void nats_tell_state(struct nats_tasks *t, bool up, const char *why);
void nats_tell_entry(const struct nats_tasks *t, enum bridge_message type,
                     const struct bridge_queue *queue, uint64_t sequence);
void nats_tell_counted(const struct nats_tasks *t, enum bridge_message type,
                       const struct bridge_queue *queue, uint64_t sequence, uint32_t count);
/* Of the API; format: the subject. */
bool nats_ask_api(struct nats_tasks *t, nats_answer_fn *fn, void *arg, const char *body,
                  const char *format, ...) must_check printf_like(5, 6);
/* It has no entries. */
void nats_lane_free(struct nats_lane *lane);
/* An answer came for the lane. False: it has been left, and may be gone. */
bool nats_lane_answered(struct nats_lane *lane) must_check;
/* What rests or waits is looked at soon. */
void nats_tick(struct nats_tasks *t);

/* ---- streams.c ---- */

/* Looks whether they are there and as they have to be, makes them, and goes on with the queues. */
void nats_streams_check(struct nats_tasks *t);

/* ---- queues.c ---- */

void nats_queue_init(struct nats_queue *q, struct nats_lane *lane, bool express);
/* The streams are there: so is its consumer, soon, and how much it has is told. */
void nats_queue_look(struct nats_queue *q);
/* The connection is lost. */
void nats_queue_lost(struct nats_queue *q);
/* Its consumer is gone, and what was delivered is to be delivered again. */
void nats_queue_afresh(struct nats_queue *q);
/* The lane begins to read: all is told. */
void nats_queue_reads(struct nats_queue *q);
/* A message of its consumer came. */
void nats_queue_delivered(struct nats_queue *q, const struct nats_delivery *got,
                          const struct nats_answer *m);
/* Whatever may go on now does. */
void nats_queue_go_on(struct nats_queue *q);

/* ---- scan.c ---- */

void nats_scan_begin(struct nats_queue *q);
void nats_scan_go_on(struct nats_queue *q);
/* A message that the host does not know of in this epoch. */
void nats_tell_message(struct nats_entry *entry, const char *subject, const char *data,
                       size_t bytes);

/* ---- entries.c ---- */

struct nats_entry *nats_entry_find(const struct nats_tasks *t, uint64_t sequence);
struct nats_entry *nats_entry_new(struct nats_queue *q, uint64_t sequence);
void nats_entry_free(struct nats_entry *entry);
/* It is not in the stream: told, if the host knows of it. Freed. */
void nats_entry_gone(struct nats_entry *entry);
void nats_entry_answered(struct nats_entry *entry);
/* It was delivered to us. */
void nats_entry_delivered(struct nats_entry *entry, const char *reply, uint32_t deliveries);
void nats_entry_release(struct nats_entry *entry);
void nats_entry_claim(struct nats_entry *entry);
void nats_claims_look(struct nats_tasks *t, int64_t now_ns);
/* Of all, with 0: the connection is lost. */
void nats_claims_lost(struct nats_tasks *t);
/* Those that were delivered are in progress. */
void nats_entries_keep(struct nats_tasks *t);

/* ---- adds.c ---- */

/* Of its lane, which is known. */
void nats_add(struct nats_queue *q, const struct bridge_task *task);

/* ---- jobs.c ---- */

bool nats_job_has(const struct nats_tasks *t, uint64_t sequence);
/* A message of it was delivered to us. */
void nats_job_delivered(struct nats_tasks *t, uint64_t sequence, const char *reply);
/* The message leaves the stream. letter: NULL, or what goes to the dead letters first. sequence 0:
 * the letter alone. silent: nobody is told. An entry of it is freed. */
void nats_job_begin(struct nats_tasks *t, const struct bridge_queue *queue, uint64_t sequence,
                    const struct bridge_task *letter, bool silent);
/* Those that could not be done are tried again. */
void nats_jobs_again(struct nats_tasks *t);
void nats_jobs_look(struct nats_tasks *t, int64_t now_ns);
/* The stream is another: what was in the old one is gone. */
void nats_jobs_void(struct nats_tasks *t);
void nats_jobs_free(struct nats_tasks *t);

#endif
