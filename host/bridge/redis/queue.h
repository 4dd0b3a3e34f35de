/* queue.h -- one queue of a lane, which is a stream and its group, and what all of them share: for
 * the files of this room alone. Bridge process, its loop.
 *
 *   first                    then                so
 *   LANE of another backend  entries are DONE    it stays until they are acknowledged, tells
 *                                                nothing
 *   lost                     -                   groups are unknown, passes end, answers are NULL
 */
#ifndef ORCH_BRIDGE_REDIS_QUEUE_H
#define ORCH_BRIDGE_REDIS_QUEUE_H

#include "base/timers.h"
#include "bridge/redis/adding.h"
#include "bridge/redis/entries.h"
#include "bridge/redis/page.h"
#include "bridge/redis/redis.h"
#include "bridge/wire/teller.h"

enum {
    QUEUE_PAGE_ENTRIES = 16,
    QUEUE_ENTRIES_MAX = 200000, /* that are known, of all queues */
};

/* ---- what all share ---- */

struct redis_tasks {
    struct redis *redis; /* NULL: it is down */
    uint32_t block_ms, sweep_ms, idle_ms, ack_retry_ms;
    struct bridge_teller teller;
    struct redis_queue *queues; /* by key */
    uint32_t known;             /* entries, of all */
    bool told_full;
    struct reader *reader;
    void (*wake)(struct redis_tasks *of); /* the reader: another queue may follow its stream */
    size_t letter_bytes;                  /* of dead letters that are still to be sent */
    struct timers due;                    /* acknowledgements to be tried again */
    uv_timer_t due_timer;                 /* the first of them */
    uv_timer_t tick;
    uv_timer_t room; /* until the host has heard what it was told */
    unsigned handles;
    bool second; /* tick: sweeps, too */
};

/* ---- a queue ---- */

enum queue_group { GROUP_UNKNOWN, GROUP_ASKED, GROUP_MADE };

struct redis_queue {
    struct redis_tasks *of;
    struct bridge_queue name;
    char key[BRIDGE_LANE_BYTES_MAX + 24], group[BRIDGE_LANE_BYTES_MAX + 16];
    bool reads;
    bool left; /* the host has forgotten it */
    bool told_trouble;
    bool stuck; /* nothing is read until the next sweep */
    enum queue_group group_is;
    struct entries entries;
    struct adding adding; /* ADDs that are under way */
    bool waits_add;       /* one of them may be the next entry */
    struct stream_id cursor;
    uint32_t pass;
    bool passing;                           /* a pass is under way */
    bool paging;                            /* and a page of it was asked for */
    bool again;                             /* from the beginning, when it comes */
    bool asked;                             /* the reader asks for what is behind the cursor */
    LIST_HEAD(letter_list, letter) letters; /* of no entry, still to be sent */
    unsigned refs;                          /* answers that are awaited */
    UT_hash_handle hh;
};

struct redis_queue *queue_new(struct redis_tasks *of, const struct bridge_queue *name) must_check;
/* No answer is awaited any more. */
void queue_free(struct redis_queue *q);
/* When it has left and nothing is to be done any more. */
void queue_free_if_over(struct redis_queue *q);

/* Asks Redis in redis_commandf's words. fn is called once, with NULL when the connection was lost,
 * and the queue is there as long. False: it is down. */
struct queue_asked;
typedef void queue_reply_fn(const struct queue_asked *asked, const redisReply *reply);
struct queue_asked {
    struct redis_queue *q;
    queue_reply_fn *fn; /* NULL: what it answers is nothing to us */
    struct stream_id id;
    void *arg;
};
bool queue_ask(struct queue_asked asked, const char *format, ...) must_check;

/* The connection was lost. */
void queue_lost(struct redis_queue *q);
struct entry *queue_add(struct redis_queue *q, struct stream_id id, enum entry_state state);
struct entry *queue_find(const struct redis_queue *q, struct stream_id id);
void queue_drop(struct redis_queue *q, struct entry *entry);
/* Redis does not do what it was asked; told once until queue_is_well, and nothing is
 * read until the next sweep. */
void queue_trouble(struct redis_queue *q, const char *doing, const redisReply *reply);
void queue_is_well(struct redis_queue *q);

void queue_tell_counted(struct redis_queue *q, enum bridge_message type, struct stream_id id,
                        uint32_t count);
void queue_tell_gone(struct redis_queue *q, struct stream_id id);

#endif
