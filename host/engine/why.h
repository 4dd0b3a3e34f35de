/* why.h -- why a run that is here does not go on: one reason for each thing that is waited for,
 * from what decides it (model/run, lanes, the table of runs, the store's state), never from what
 * was logged. Inside the engine only.
 *
 * Those that the run waits for stand first, those of a step that waits for another step of the run
 * (they name it: "behind") last. Loop thread. */
#ifndef ORCH_ENGINE_WHY_H
#define ORCH_ENGINE_WHY_H

#include "engine/runs/active_run.h"

struct lanes;

struct why_of {
    const struct active_run *ar;
    const struct lanes *lanes;
    uint32_t ahead; /* runs that wait before it for one of runs-active-max */
    bool draining;  /* the host starts nothing any more */
};

/* {status: queued, running, paused or cancelling,
 *  reasons: [{reason, detail, ahead, until?, step?, behind?, key?, runs?}] (max at most), more: how
 * many further ones}; the caller owns it. Costs a walk over the lane for each reason that is a
 * lane's, and of a run at its gate two questions to the store. */
json_t *why_owned(const struct why_of *of, uint32_t max) must_check;

#endif
