/* entries.h -- what is known of the entries of one queue, by their ids. Bridge process, its loop.
 *
 * What always holds: an entry is in the list of its state, and there is one of an id. */
#ifndef ORCH_BRIDGE_REDIS_ENTRIES_H
#define ORCH_BRIDGE_REDIS_ENTRIES_H

#include "base/auto.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uthash.h>

/* As Redis counts them: "MS-SEQ". */
struct stream_id {
    uint64_t ms, seq;
};
struct stream_id_text {
    char text[44];
};
struct stream_id_text stream_id_text(struct stream_id id);
/* As stream_id_text writes it, and nothing else. */
bool stream_id_parse(const char *text, size_t len, struct stream_id *ret) must_check;
bool stream_id_after(struct stream_id id, struct stream_id other);

enum entry_state {
    ENTRY_TOLD,      /* the host has not answered */
    ENTRY_OURS,      /* it has its run */
    ENTRY_CLAIMED,   /* and runs it */
    ENTRY_LOST,      /* it had, before the connection was lost: it is told anew */
    ENTRY_ELSEWHERE, /* it left it to somebody else */
    ENTRY_DONE,      /* it is over; acks.h deletes it */
    ENTRY_STATES,
};

struct entry {
    struct stream_id id;
    enum entry_state state;
    uint32_t pass;       /* the last that saw it, or that it came in */
    uint32_t deliveries; /* CLAIMED */
    char *consumer;      /* who has it, or is to; NULL: nobody was */
    int64_t due_ns;      /* ELSEWHERE: told again */
    struct ack *ack;     /* DONE; owned by acks.h */
    LIST_ENTRY(entry) link;
    UT_hash_handle hh;
};

struct entries {
    struct entry *all;
    LIST_HEAD(entry_list, entry) of[ENTRY_STATES];
    uint32_t count[ENTRY_STATES];
};

void entries_init(struct entries *entries);
uint32_t entries_count(const struct entries *entries);
struct entry *entries_find(const struct entries *entries, struct stream_id id);
/* It is not there yet. */
struct entry *entries_add(struct entries *entries, struct stream_id id, enum entry_state state,
                          uint32_t pass);
void entries_move(struct entries *entries, struct entry *entry, enum entry_state to);
/* Its ack is NULL. */
void entries_drop(struct entries *entries, struct entry *entry);

#endif
