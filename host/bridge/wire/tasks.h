/* tasks.h -- what host and bridge say of the tasks of lanes that others may see and add to, in
 * Redis or NATS (docs/adr/0085).
 *
 * A lane has two queues, one for each half. In a queue are entries: each is a task, under a name
 * that the backend gave it. What always holds: the store is the truth, an entry is transport. The
 * host has committed a task's run before it adds an entry, and its end before the entry is done.
 *
 *   host says   its fields
 *   LANE        struct bridge_lane       the lane's queues are this backend's. While it reads,
 *                                        entries are told as they come; when it begins to, all
 *   ADD         struct bridge_task       an entry for it; the bridge says ADDED
 *   TAKE        entry                    the host has its run
 *   RELEASE     entry                    it has not, and somebody else may; the entry is told
 *                                        again after idle_ms
 *   CLAIM       entry, str consumer      it is about to run; the bridge says CLAIMED. Again:
 *                                        another consumer has it
 *   DONE        entry                    acknowledged, then deleted; the bridge says ACKED
 *   DEAD        struct bridge_task       among the dead letters, then as DONE; entry "": the
 *                                        former alone
 *
 *   bridge says
 *   ENTRY       struct bridge_task       whoever added it; the host says TAKE, RELEASE, DONE or
 *                                        DEAD. No more than BRIDGE_UNANSWERED_MAX of a queue are
 *                                        told that it has not answered
 *   ADDED       struct bridge_added      it is there
 *   CLAIMED     entry, u32 deliveries    it is the consumer's, for the so manieth time; 0:
 *                                        somebody else has it, or the backend went away
 *   ACKED       entry, u32 tries         and deleted; 0: it cannot be, and is tried again at each
 *                                        sweep
 *   GONE        entry                    somebody deleted it
 *   SCANNED     queue                    everything that is in it has been told: what the host has
 *                                        no entry of is not there. After each STATE that says up,
 *                                        each LANE that begins to read or changes the backend, and
 *                                        whenever entries were lost. Told of a lane that does not
 *                                        read, too, once its queues are there
 *   DEPTH       queue, u32 entries       at each sweep, and each 5 s at least
 *
 * A claimed entry is kept from being idle until it is done or released. With a STATE that says down
 * both forget what is there, but what is still to be done: it is all told anew, and of a lane that
 * does not read that of the host's own. What the host has said of entries to a bridge that ended,
 * it says anew to the next. Of a lane whose backend is down nothing is told but CLAIMED and ACKED,
 * with 0, of what was asked. */
#ifndef ORCH_BRIDGE_WIRE_TASKS_H
#define ORCH_BRIDGE_WIRE_TASKS_H

#include "bridge/wire/protocol.h"

enum { BRIDGE_UNANSWERED_MAX = 64 };

struct bridge_lane {
    char name[BRIDGE_LANE_BYTES_MAX];
    enum bridge_backend backend; /* BRIDGE_STORE: it has none any more, and is forgotten */
    bool reads;
};
void bridge_lane_pack(struct buf *b, const struct bridge_lane *lane);
bool bridge_lane_unpack(const struct message *m, struct bridge_lane *ret, struct err *e) must_check;

struct bridge_queue {
    char lane[BRIDGE_LANE_BYTES_MAX];
    bool express;
};
struct bridge_entry {
    struct bridge_queue queue;
    char id[BRIDGE_ENTRY_BYTES_MAX]; /* of the backend's making; "": none */
};

/* TAKE, RELEASE, DONE, GONE. */
void bridge_entry_pack(struct buf *b, const struct bridge_entry *entry);
bool bridge_entry_unpack(const struct message *m, struct bridge_entry *ret,
                         struct err *e) must_check;
/* CLAIM. */
struct bridge_claim {
    struct bridge_entry entry;
    char consumer[BRIDGE_TEXT_BYTES_MAX];
};
void bridge_claim_pack(struct buf *b, const struct bridge_claim *claim);
bool bridge_claim_unpack(const struct message *m, struct bridge_claim *ret,
                         struct err *e) must_check;
/* CLAIMED, ACKED. */
struct bridge_counted {
    struct bridge_entry entry;
    uint32_t count;
};
void bridge_counted_pack(struct buf *b, const struct bridge_counted *counted);
bool bridge_counted_unpack(const struct message *m, struct bridge_counted *ret,
                           struct err *e) must_check;
/* SCANNED, DEPTH: the latter with a length, which the former has not. */
void bridge_queue_pack(struct buf *b, const struct bridge_queue *queue);
bool bridge_scanned_unpack(const struct message *m, struct bridge_queue *ret,
                           struct err *e) must_check;
struct bridge_depth {
    struct bridge_queue queue;
    uint32_t entries;
};
void bridge_depth_pack(struct buf *b, const struct bridge_depth *depth);
bool bridge_depth_unpack(const struct message *m, struct bridge_depth *ret,
                         struct err *e) must_check;

/* Texts as an entry has them: of a stranger's nothing is known to be so. What it does not have is
 * "", as is what does not fit, holds a NUL or is no UTF-8; fault then says what is wrong with it.
 */
struct bridge_task {
    struct bridge_entry entry; /* of ADD: id "" */
    char tenant[BRIDGE_TEXT_BYTES_MAX], task_id[BRIDGE_TEXT_BYTES_MAX];
    char priority[BRIDGE_TEXT_BYTES_MAX], timestamp[BRIDGE_TEXT_BYTES_MAX];
    const void *payload; /* borrowed; JSON, if it is one */
    size_t payload_bytes;
    char fault[BRIDGE_ERROR_BYTES_MAX]; /* DEAD: of what it died */
    /* DEAD alone. */
    char consumer[BRIDGE_TEXT_BYTES_MAX], failed_at[BRIDGE_TEXT_BYTES_MAX];
    uint32_t retries;
};
void bridge_task_pack(struct buf *b, const struct bridge_task *task);
bool bridge_task_unpack(const struct message *m, struct bridge_task *ret, struct err *e) must_check;

struct bridge_added {
    struct bridge_entry entry; /* id "": it is not there, why says why; it may be told again */
    char tenant[BRIDGE_TEXT_BYTES_MAX], task_id[BRIDGE_TEXT_BYTES_MAX];
    char why[BRIDGE_WHY_BYTES_MAX];
};
void bridge_added_pack(struct buf *b, const struct bridge_added *added);
bool bridge_added_unpack(const struct message *m, struct bridge_added *ret,
                         struct err *e) must_check;

#endif
