/* tasks.h -- a task that a lane is given to run is a run: of the definition that the lane's agent,
 * config and policies come to (lanes/work.h), with the task's id as its token (docs/adr/0066).
 *
 * The definition is stored with its first task, once for all that come meanwhile, and stays: so a
 * task runs what its lane said when it was enqueued. What always holds: a task that was answered is
 * durable, and of one id there is one run of the tenant.
 *
 * Owns the tasks that are on their way into the store. When the engine is freed before, nobody is
 * answered. Loop thread. */
#ifndef ORCH_ENGINE_LANES_TASKS_H
#define ORCH_ENGINE_LANES_TASKS_H

#include "api/api.h"

struct control;
struct definitions;
struct tasks;

struct tasks *tasks_new(struct control *ctl, struct definitions *definitions) must_check;
void tasks_free(struct tasks *tasks); /* accepts NULL; nobody answers it any more */

/* Of the tasks that are dead, of all tenants. */
void tasks_gauges(struct tasks *tasks);

/* As api_engine.task_enqueue says. */
void tasks_enqueue(struct tasks *tasks, const struct api_actor *who, const struct api_task *what,
                   api_done_fn done, void *done_arg);

#endif
