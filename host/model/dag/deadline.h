/* deadline.h -- when a run or a node of it ought to be done, and how long before that somebody
 * wants to hear of it. An alarm: nothing is stopped by it (policy.h has what stops). Pure.
 *
 * Both kinds count from the run's creation, so that the instants of a run are known when it is
 * made and are the same on every host: a node that never became ready is late as well. */
#ifndef ORCH_MODEL_DAG_DEADLINE_H
#define ORCH_MODEL_DAG_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* Each is told of by events, in rows that are written anew. */
#define DEADLINE_NODES_MAX 100

struct deadline {
    int64_t by_us;        /* an instant; 0: within counts */
    double within_s;      /* since the run was created; 0: by counts */
    double warn_before_s; /* 0: no warning */
};

/* All zero is none. */
static inline bool deadline_given(const struct deadline *deadline)
{
    return deadline->by_us != 0 || deadline->within_s > 0;
}

/* Of one that is given. */
int64_t deadline_at_us(const struct deadline *deadline, int64_t created_us);
/* 0: nobody is warned. Before the run was created where there is less time than that. */
int64_t deadline_warn_us(const struct deadline *deadline, int64_t created_us);

#endif
