/* slot.h -- one process and its host ends, whether an attempt ever uses it or not: what it is, and
 * the steps it can take. What befalls it, and what follows from that, is above (process.h).
 *
 * Owns the channel, the two pipes, the pidfd, the secrets pipe's end until it is given out, and the
 * other ends until they are sent. Each slot is in one list of the set it was made for, by state:
 *
 *   starting   MADE        has its channels, waits for a zygote
 *              SPAWNING    the supervisor was asked
 *              LOADING     it is confined, and was let go: its plugin's code runs from here on
 *              ENDING      was killed before anybody used it; or ended, and the supervisor is asked
 *                          about its memory
 *   ready      READY       a spare: its plugin is loaded
 *   running    RUNNING     has an attempt and its input
 *              RELEASING   ended; the supervisor is asked about its memory
 *
 * and then DEAD in slots->dead until slots_bury at the end of the turn, because events of the turn
 * may still name its watches. slot->attempt is set before RUNNING when the attempt was given this
 * slot's secrets pipe: then it is reserved, and nobody else gets it. */
#ifndef ORCH_SANDBOX_CLIENT_SLOT_H
#define ORCH_SANDBOX_CLIENT_SLOT_H

#include "sandbox/client/attempt.h"
#include "sandbox/client/channel.h"
#include "sandbox/client/domain.h"
#include "sandbox/client/events.h"
#include "sandbox/client/loop.h"
#include "sandbox/client/super.h"

#include <sys/queue.h>

struct pool;

enum {
    SLOTS_MAX = 512, /* processes of attempts, all together */
    SLOT_BUCKETS = 512,
};

#define SPAWN_NS (10 * SECOND_NS)    /* SPAWN to SPAWNED */
#define LOST_NS (2 * SECOND_NS)      /* SIGKILL to exit */
#define EXIT_WORD_NS (1 * SECOND_NS) /* exit to init's word about it */

enum slot_state {
    SLOT_MADE,
    SLOT_SPAWNING,
    SLOT_LOADING,
    SLOT_ENDING,
    SLOT_READY,
    SLOT_RUNNING,
    SLOT_RELEASING,
    SLOT_DEAD,
};

TAILQ_HEAD(slot_list, slot);

/* The slots of one pool, and what each is born with. */
struct slot_set {
    struct slots *home;
    struct pool *pool; /* whose they are; opaque here */
    struct attempt_limits limits;
    bool has_secrets;
    bool describes;       /* says what its plugin says of itself, and ends */
    struct shared_fd *so; /* the plugin to load, borrowed; NULL: its zygote did */
    uint32_t load_ms;
    struct slot_list starting, ready, running;
    uint32_t starting_count, ready_count, running_count;
};

struct slot {
    uint32_t magic;
    TAILQ_ENTRY(slot) link;
    TAILQ_ENTRY(slot) hash_link;
    uint64_t id;
    struct slot_set *set;
    struct zyg *zyg; /* NULL: none yet, or it went away */
    enum slot_state state;
    struct watch channel, out, err, process;
    int theirs[4];        /* until they were sent: channel, stdout, stderr, secrets */
    int secret_fd;        /* write end until an attempt takes it */
    uint32_t layers;      /* outer */
    uint32_t layers_said; /* inner, its own word */
    int64_t ordered_ns;
    int64_t deadline_ns; /* of SPAWNING, LOADING, or for the exit after a kill */
    int wait_status;
    bool answered; /* to SPAWN */
    bool exit_known, exit_seen;
    bool orphaned;        /* its zygote ended unasked */
    bool judged;          /* what it failed in before it was used was counted */
    bool was_ready;       /* it loaded its plugin: what it does from then on is not loading */
    bool asked;           /* the supervisor, about its memory */
    uint64_t early_bytes; /* of stdout and stderr, before it was used */
    struct buf about;     /* of one that describes */
    bool about_ended;
    struct attempt *attempt;
    struct observed seen;
};

/* What is called when a descriptor of a slot is ready; the watch's owner is the slot. */
struct slot_handlers {
    void (*channel)(struct watch *w, uint32_t events);
    void (*stream)(struct watch *w, uint32_t events);
    void (*process)(struct watch *w, uint32_t events);
};

struct slots {
    struct loop *loop;
    struct super_link *super;
    struct sandbox_counts *counts;
    struct events *events;
    struct slot_handlers handlers;
    int null_fd; /* where what is over a cap goes */
    uint32_t count;
    struct slot_list dead;
    TAILQ_HEAD(slot_bucket, slot) buckets[SLOT_BUCKETS];
    struct channel_in in; /* what is being read */
};

void slots_init(struct slots *slots, struct loop *loop, struct super_link *super,
                struct sandbox_counts *counts, struct events *events,
                const struct slot_handlers *handlers);
bool slots_open(struct slots *slots, struct err *e) must_check;
void slots_close(struct slots *slots);
/* The end of the turn. */
void slots_bury(struct slots *slots);

void slot_set_init(struct slot_set *set, struct slots *home, struct pool *pool);

/* The owner of one of its watches; asserts that it is a slot. */
struct slot *slot_of(const struct watch *w);
/* NULL: it is over, and what is still said of it is for nobody. */
struct slot *slot_find(struct slots *slots, uint64_t id);

bool slot_make(struct slot_set *set, struct slot **ret, struct err *e) must_check;
/* Something must have happened to it by then; slot->deadline_ns. */
void slot_deadline_in(struct slot *slot, int64_t ns);
/* MADE to SPAWNING. */
void slot_order(struct slot *slot, struct zyg *z);
/* Its zygote has one spawn less under way. Once for each slot, further calls do nothing. */
void slot_spawn_answered(struct slot *slot);
/* SPAWNING to LOADING: takes pidfd. When nobody wants it any more, to ENDING: says KILL. */
void slot_spawned(struct slot *slot, uint32_t layers, int pidfd);
/* LOADING to READY. */
void slot_ready(struct slot *slot, uint32_t layers_said);
/* READY to RUNNING: the input goes out if its layers meet the attempt's policy; if not, it is
 * killed, and never sees it. */
void slot_bind(struct slot *slot, struct attempt *a);
/* The first reason stands; nothing once its exit was seen. A spare leaves those that can be had. */
void slot_kill(struct slot *slot, enum kill_reason reason);
/* LOADING or READY to ENDING: out of reach of those who wait. */
void slot_ending(struct slot *slot);
/* Gives up on a slot that is not running, and on the attempt that it is reserved for. It may be
 * over with that; not if it has a process. */
void slot_abandon(struct slot *slot, enum outcome outcome, const char *why);
/* The supervisor may forget the process; with wants_answer it says RELEASED. */
void slot_release(const struct slot *slot, bool wants_answer);
/* DEAD: out of every list, its descriptors are closed. */
void slot_free(struct slot *slot);

#endif
