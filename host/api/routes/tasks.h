/* tasks.h -- what the handlers of tasks share. A task is a run of its lane's own DAG
 * (docs/adr/0066), named by its id, which is the run's token. */
#ifndef ORCH_API_ROUTES_TASKS_H
#define ORCH_API_ROUTES_TASKS_H

#include "api/request/made.h"

#define TASK_QUEUED "queued"
#define TASK_DEAD "dead" /* it failed, and its dead letter is there */

/* Of a run that is a task's; NULL: it is none. */
const char *task_lane(const struct store_run *run);
/* Of a task, asked on the loop. place: where it waits, which costs a walk over its lane. */
struct api_task_now task_ask(const struct api_request *req, const struct store_run *run,
                             bool place);
/* In the words of a task; now: asked of the same run. */
const char *task_status(const struct store_run *run, const struct api_task_now *now);

/* As the list of tasks has it; name: NULL in an array. */
void task_view(const char *name, const struct store_run *run, const struct api_task_now *now,
               struct buf *b);

/* Finds the run of the path's {task_id}, then goes on with its head, on the loop; 404
 * TASK_NOT_FOUND. */
typedef void task_then(struct api_request *req, const struct store_run *run);
void task_find(struct api_request *req, task_then *then);

#endif
