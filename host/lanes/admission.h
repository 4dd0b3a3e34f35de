/* admission.h -- who of a tenant came before whom, in one priority of one lane: as they came, or so
 * that what has begun is finished before more is. Pure.
 *
 * It decides below all else: express before regular, a higher priority before a lower one, and the
 * turns of tenants stay what they are (lanes.h). */
#ifndef ORCH_LANES_ADMISSION_H
#define ORCH_LANES_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

struct lane_coming {
    bool finish_first;          /* as the host is set */
    bool begun;                 /* something of its run has had a worker */
    bool as_its_run;            /* it is as old as its run in any case: a task */
    int64_t created_us, now_us; /* its run was, and it is now; by one clock */
};

struct lane_came {
    int64_t came_us; /* for lane_item: comparable among all that come by the same setting */
    int64_t age_ns;  /* that it has already */
};

struct lane_came lane_comes(const struct lane_coming *coming);

#endif
