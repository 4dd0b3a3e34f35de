/* deadlines.h -- the deadlines of one run and its nodes (model/dag/deadline.h): when each is, and
 * which was told of. Inside the engine only.
 *
 * The instants are fixed when the run is made. They and what was told are the run's options in the
 * store, written in the commit that has the event: so each is told once, over a crash and on
 * another host. Times are the run's own (active_run_wall_us). */
#ifndef ORCH_ENGINE_RUNS_DEADLINES_H
#define ORCH_ENGINE_RUNS_DEADLINES_H

#include "base/err.h"
#include "base/timers.h"
#include "model/dag/dag.h"

#define DEADLINE_OF_RUN UINT32_MAX

struct active_run;

struct deadline_mark {
    uint32_t node; /* DEADLINE_OF_RUN */
    int64_t at_us;
    int64_t warn_us;              /* 0: nobody is warned */
    int64_t warned_us, missed_us; /* 0: not told */
    bool over;                    /* its node has ended; not stored, as a node may run again */
};

struct run_deadlines {
    struct timer timer; /* the table's (runs.h) */
    struct active_run *ar;
    size_t count;
    struct deadline_mark marks[];
};

/* Of a run that is made now; own: what its start asked for in place of the dag's, or NULL. NULL
 * where there are none; the caller owns it, until it is the run's. */
struct run_deadlines *deadlines_new(const struct dag *dag, const struct deadline *own,
                                    int64_t created_us) must_check;

/* options: of the run's row, NULL or JSON; *ret is NULL where it names none. ERR_CORRUPT. */
bool deadlines_read(const struct dag *dag, const char *options, struct run_deadlines **ret,
                    struct err *e) must_check;
/* The options that it is kept as; d may be NULL: then they are. */
char *deadlines_options_owned(const struct run_deadlines *d, const struct dag *dag) must_check;

enum deadline_due { DEADLINE_NOT_YET, DEADLINE_WARNS, DEADLINE_MISSED };
/* A deadline that has passed is missed, whether it was warned of or not. */
enum deadline_due deadline_due(const struct deadline_mark *mark, int64_t now_us);
/* When the next of them is due; INT64_MAX: none is. */
int64_t deadlines_next_us(const struct run_deadlines *d);

#endif
