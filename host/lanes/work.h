/* work.h -- what a task of a lane does: the lane's agent with its config, under the lane's
 * policies, or a DAG, which has its own (LANES_KIT.md 4). The first, written out, is a definition
 * of one node, and what no definition may say no lane may say either. Pure.
 *
 * What was said of it is an object of the members that were said, and never changes once it is
 * made: whoever keeps it has a reference. NULL: nothing was. */
#ifndef ORCH_LANES_WORK_H
#define ORCH_LANES_WORK_H

#include "base/err.h"
#include "model/dag/names.h"

#include <jansson.h>

/* The one node of the DAG whose runs a lane's tasks are: DAG_OF_LANE and the lane's name. */
#define LANE_TASK_NODE "task"

bool lane_work_is(const char *member);
/* Of the members that name what is run; ERR_INVALID: both do, or the DAG cannot be one. */
bool lane_work_names(const json_t *object, struct err *e) must_check;
/* The DAG that a task is a run of, as its tenant has it; NULL: it is run by the lane's own. */
const char *lane_work_dag(const json_t *work) must_check;
/* The members of object that are the work's, as said and unchecked; null takes back what was said
 * before. NULL where there are none; the caller owns it. */
json_t *lane_work_read_owned(const json_t *object) must_check;
/* What a client said: ERR_INVALID names what is wrong. Builds a definition, so not on a loop. */
bool lane_work_check(const char *lane, const json_t *work, struct err *e) must_check;
/* It names what a task runs; work may be NULL. */
bool lane_work_runs(const json_t *work) must_check;
/* What the second says over what the first does; an agent and a DAG take each other's place. The
 * caller owns it. */
json_t *lane_work_add_owned(const json_t *work, const json_t *more) must_check;
/* What a single task says for itself. */
struct lane_work_own {
    const json_t *retry; /* NULL: the lane's */
    double timeout_s;    /* 0: the lane's */
};
/* The definition that a task of the lane is a run of, under a version that is made of what it says:
 * what is the same has one version, and a task keeps its own whatever is said of the lane later.
 * NULL where no agent was said. It shares values with what it was made of; the caller owns it. */
bool lane_work_definition(const char *lane, const json_t *work, const struct lane_work_own *own,
                          json_t **ret, struct err *e) must_check;
/* Into an object: what was said, and what holds with the defaults under it. */
void lane_work_put(const json_t *work, json_t *to);
void lane_work_show(const json_t *work, json_t *to);

#endif
