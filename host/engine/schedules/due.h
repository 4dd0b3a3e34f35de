/* due.h -- what is due, as a thread beside the loop reads it. It writes nothing. */
#ifndef ORCH_ENGINE_SCHEDULES_DUE_H
#define ORCH_ENGINE_SCHEDULES_DUE_H

#include "engine/schedules/plan.h"
#include "store/reader.h"

enum { DUE_ROWS = 100 };

/* A schedule whose time has come. */
struct due_one {
    const struct store_schedule *row;
    struct plan plan;
    bool queued;         /* it waited for the run before, and no longer does */
    bool known;          /* the due time to fire was reached before */
    const char *skipped; /* why it is not fired; NULL: it is */
    bool waits;          /* it is not fired now, it is queued */
    bool cancels;        /* the run before is cancelled first */
    bool unread;         /* the rule could not be read: nothing is done */
};

struct due_look {
    int64_t now_us, grace_us; /* given */
    struct store_schedule_list rows, queued;
    struct due_one *ones; /* those that were queued, then the others in the order of their times */
    size_t count;
    bool more;       /* others may be due as well */
    bool wait;       /* something is queued: the end of a run may start it */
    int64_t next_us; /* when the first that is not due fires; 0: none is known */
    struct err e;
};

void due_look(struct due_look *look, struct store_reader *reader);
void due_look_done(struct due_look *look);

#endif
