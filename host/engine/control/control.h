/* control.h -- what clients ask of runs and what a start finds of them: each call looks at the
 * table and the store, gives a machine its event, and submits what that decided.
 *
 * The api's calls (api.h) answer through done exactly once, during the call when nothing was
 * committed, otherwise when their commit has come back. Loop thread only. */
#ifndef ORCH_ENGINE_CONTROL_CONTROL_H
#define ORCH_ENGINE_CONTROL_CONTROL_H

#include "api/api.h"
#include "base/err.h"

struct attempts;
struct takeover;
struct commits;
struct entries;
struct dag_cache;
struct engine_env;
struct engine_mode;
struct kept_lanes;
struct later;
struct leftovers;
struct look;
struct orders;
struct quotas;
struct runs;
struct schedules;
struct shed;
struct tasks;

/* What the calls work on; all borrowed from the engine. */
struct control {
    const struct engine_env *env;
    const struct engine_mode *mode;
    struct runs *runs;
    struct dag_cache *dags;
    struct commits *commits;
    struct leftovers *leftovers;
    struct takeover *takeover;
    struct orders *orders;
    struct look *look;
    struct later *later;
    struct schedules *schedules; /* what starts runs by control_start */
    struct kept_lanes *lanes;    /* in which their attempts wait */
    struct quotas *quotas;       /* and what a tenant may have of them */
    struct shed *shed;           /* whether new ones are taken */
    struct tasks *tasks;         /* what lanes are given to run */
    struct entries *entries;     /* what others see of it */
    struct attempts *attempts;   /* which of them make room (lanes/preempt.h) */
};

void control_start(struct control *ctl, const struct api_actor *who,
                   const struct api_run_start *what, api_done_fn done, void *done_arg);
void control_cancel(struct control *ctl, const struct api_actor *who, const char *run_id,
                    api_done_fn done, void *done_arg);
void control_pause(struct control *ctl, const struct api_actor *who, const char *run_id, bool pause,
                   api_done_fn done, void *done_arg);
void control_resume(struct control *ctl, const struct api_actor *who, const char *run_id,
                    api_done_fn done, void *done_arg);
/* Of a task that waits, here; ERR_CONFLICT of any other. */
void control_prioritize(struct control *ctl, const struct api_actor *who,
                        const struct api_task_priority *what, api_done_fn done, void *done_arg);
void control_restart(struct control *ctl, const struct api_actor *who,
                     const struct api_run_restart *what, api_done_fn done, void *done_arg);
void control_checkpoints_delete(struct control *ctl, const struct api_actor *who,
                                const char *run_id, api_done_fn done, void *done_arg);

#endif
