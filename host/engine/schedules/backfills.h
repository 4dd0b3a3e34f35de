/* backfills.h -- due times of a schedule that are run again because an operator said so: what a
 * look at them finds, and what is begun of it.
 *
 * Where a backfill stands is its row: the first due time that was not dealt with, and a row for
 * each run that is not counted. A run begins by one commit with the step behind its due time, which
 * is refused where the backfill was paused or stands elsewhere. Due times that have a run, or are
 * queued for one, are skipped. */
#ifndef ORCH_ENGINE_SCHEDULES_BACKFILLS_H
#define ORCH_ENGINE_SCHEDULES_BACKFILLS_H

#include "store/reader.h"

struct acts;
struct control;

/* In one look, of one of them. */
enum { BACKFILL_BEGINS_MAX = 20, BACKFILL_SKIPS_MAX = 500 };

struct backfill_one {
    const struct store_backfill *row;
    struct store_schedule_list schedule;  /* one row, or none: nothing is begun */
    int64_t due[BACKFILL_BEGINS_MAX + 1]; /* those to begin, and what is waited for behind them */
    size_t begins;
    int64_t skipped; /* or so many from where it stands, to due[0] */
};

struct backfills_look {
    struct store_backfill_run_list over; /* runs that ended */
    bool *well;                          /* of each, whether it completed */
    struct store_backfill_list rows;
    struct backfill_one *ones;
    size_t count;
    bool wait; /* the end of a run concerns one of them */
};

/* On a thread; it writes nothing. */
void backfills_look(struct backfills_look *look, struct store_reader *reader, struct err *e);
/* Something is done about it, so the next look finds something else. */
bool backfills_look_found(const struct backfills_look *look);
void backfills_look_done(struct backfills_look *look);
/* On the loop. is_held: nothing of the tenant is begun now. */
void backfills_act(struct backfills_look *look, struct control *ctl, struct acts *acts,
                   bool (*is_held)(void *arg, const char *tenant), void *arg);

#endif
