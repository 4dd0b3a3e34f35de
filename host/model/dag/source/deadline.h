/* deadline.h -- the deadline that a request gives a run: the same object as a definition has, read
 * by the same table. */
#ifndef ORCH_MODEL_DAG_SOURCE_DEADLINE_H
#define ORCH_MODEL_DAG_SOURCE_DEADLINE_H

#include "base/err.h"
#include "base/json.h"
#include "model/dag/deadline.h"

/* value NULL or null: none, all zero. ERR_INVALID names the member that is wrong. */
bool deadline_read(json_t *value, struct deadline *ret, struct err *e) must_check;

#endif
