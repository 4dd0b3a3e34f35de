/* inside.h -- what entries are made of. Inside this room only. */
#ifndef ORCH_ENGINE_ENTRIES_INSIDE_H
#define ORCH_ENGINE_ENTRIES_INSIDE_H

#include "bridge/client/client.h"
#include "bridge/wire/tasks.h"
#include "engine/attempts/attempts.h"
#include "engine/control/control.h"
#include "engine/entries/acks.h"
#include "engine/entries/entries.h"
#include "engine/env/env.h"
#include "engine/runs/runs.h"

#include <sys/queue.h>
#include <uthash.h>

enum entry_state {
    ENTRY_WANTED,  /* one is to be added, or is to be told of */
    ENTRY_LISTED,  /* the same, and its queue is ready: among those that are added next */
    ENTRY_ADDING,  /* asked for */
    ENTRY_REFUSED, /* the backend has not taken it: asked again at the next look */
    ENTRY_THERE,   /* it has an id */
};

struct entry {
    struct active_run *ar; /* whose entry this is */
    struct entry_queue *queue;
    enum entry_state state;
    struct bridge_entry it; /* as the bridge knows it; id "" unless it is there */
    bool stale;             /* the backend was away since it was told of */
    bool asked, claimed;    /* for consumer */
    char consumer[BRIDGE_TEXT_BYTES_MAX];
    size_t adding_bytes;
    char *key;                    /* tenant and task: of all entries */
    UT_hash_handle hh, by_id;     /* the latter while it is there */
    TAILQ_ENTRY(entry) link;      /* of its queue */
    TAILQ_ENTRY(entry) of_wanted; /* while it is listed */
};
TAILQ_HEAD(entry_list, entry);

struct entry_queue {
    struct entry_lane *lane;
    bool ready; /* everything that is in it has been told */
    uint32_t depth;
    struct entry_list entries;
    struct entry *by_id;
};

struct entry_lane {
    char *name;
    enum lane_backend backend;
    bool reads;
    struct entry_queue queues[LANE_HALVES];
    UT_hash_handle hh;
};

struct intake;

struct entries {
    const struct control *ctl;
    const struct engine_env *env;
    struct entry_lane *lanes;
    struct entry *all; /* by key */
    struct entry_list wanted;
    uint32_t adding;
    size_t adding_bytes;
    struct acks acks;
    LIST_HEAD(, intake) intakes;
};

/* ---- entries.c ---- */

char *entry_key_owned(const char *tenant, const char *task_id) must_check;
struct entry *entry_of(const struct entries *entries, const char *key);
struct entry *entry_by_id(const struct entry_queue *queue, const char *id);
/* The task's entry, with no id yet. */
struct entry *entry_new(struct entries *entries, struct active_run *ar, struct entry_queue *queue);
void entry_free(struct entries *entries, struct entry *entry);
/* It is wanted from here on, and added when there is room. */
void entry_want(struct entries *entries, struct entry *entry);
/* From whatever it is to wanted, and told to nobody. */
void entry_reset(struct entries *entries, struct entry *entry);
/* As much of what is wanted as the bridge is to have at a time. */
void entries_add_wanted(struct entries *entries);
/* This is its entry, maybe in the other queue of its lane. */
void entry_is(struct entries *entries, struct entry *entry, struct entry_queue *queue,
              const char *id);
/* Whatever was asked of it is forgotten; with the bridge, what it was, too. */
void entry_lose(struct entries *entries, struct entry *entry, bool bridge_too);
/* CLAIM for its consumer. */
void entry_claim(struct entries *entries, struct entry *entry);
/* TAKE, RELEASE or DONE. */
void entry_say(const struct entries *entries, enum bridge_message type,
               const struct bridge_entry *it);

/* ---- heard.c and queues.c: as bridge_listener has it; arg is the entries ---- */

bool entries_heard(void *arg, const struct message *m);
void entries_state(void *arg, enum bridge_backend backend);
void entries_fresh(void *arg);

/* ---- queues.c ---- */

struct entry_lane *entry_lane_of(const struct entries *entries, const char *name);
struct entry_queue *entry_queue_of(const struct entries *entries, const struct bridge_queue *said);
/* What is in it that is no task here. */
void entry_queue_unread(const struct entries *entries, const struct entry_queue *queue);
void entry_queue_ready(struct entries *entries, struct entry_queue *queue);
void entry_lanes_free(struct entries *entries);

/* ---- intake.c ---- */

/* Somebody's entry; its texts are borrowed. */
void intake_take(struct entries *entries, const struct bridge_task *said);
/* The entry out of which the run is being made; NULL: none. */
const struct bridge_entry *intake_of(const struct entries *entries, const char *key);
void intakes_free(struct entries *entries);

#endif
