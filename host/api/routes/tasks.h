/* tasks.h -- what the handlers of tasks share. A task is a run of its lane's own DAG
 * (docs/adr/0066), named by its id, which is the run's token. */
#ifndef ORCH_API_ROUTES_TASKS_H
#define ORCH_API_ROUTES_TASKS_H

#include "api/request/made.h"
#include "api/routes/runs.h"

#define TASK_QUEUED "queued"
#define TASK_DEAD "dead" /* it failed, and its dead letter is there */

#define TASK_FIELDS "lane type payload! priority task_id timeout_s retry"

enum { TASK_ID_MADE_BYTES = RUN_TOKEN_BYTES + 16 };

/* ---- enqueued ---- */

/* What a client says of one, borrowed from the body; ERR_INVALID names what is wrong. */
bool task_read(const json_t *body, struct api_task *ret, struct err *e) must_check;
/* An id for one that came without: of the Idempotency-Key and its place in what came with it (the
 * same again is the same task), or new. */
void task_name(const struct api_request *req, uint32_t index, struct api_task *what,
               char made[TASK_ID_MADE_BYTES]);

/* One that is durable, as its host had it then. */
struct task_accepted {
    char *run_id; /* owned */
    struct api_task_now now;
};
void task_accept(const struct api_request *req, const struct api_outcome *out,
                 struct task_accepted *ret);
/* The members of its answer, into an object that is open. On a thread. */
bool task_add_accepted(struct store_reader *reader, const char *tenant,
                       const struct task_accepted *a, struct buf *body, struct err *e) must_check;
/* Why it was not: out->e is set. *code NULL: the error's own. */
void task_refusal(const struct api_outcome *out, struct err *e, const char **code);

/* ---- that is there ---- */

/* Of a run that is a task's; NULL: it is none. */
const char *task_lane_of(const struct store_run *run);
/* Of a task, asked on the loop. place: where it waits, which costs a walk over its lane. */
struct api_task_now task_ask(const struct api_request *req, const struct store_run *run,
                             bool place);
/* In the words of a task; now: asked of the same run. */
const char *task_status(const struct store_run *run, const struct api_task_now *now);

/* As the list of tasks has it; name: NULL in an array. */
void task_view(const char *name, const struct store_run *run, const struct api_task_now *now,
               struct buf *b);
/* The whole task, as it is now. */
void task_reply(struct api_request *req, const struct store_run *run);

/* Finds the run of the path's {task_id}, then goes on with its head, on the loop; 404
 * TASK_NOT_FOUND. */
typedef void task_then(struct api_request *req, const struct store_run *run);
void task_find(struct api_request *req, task_then *then);

#endif
