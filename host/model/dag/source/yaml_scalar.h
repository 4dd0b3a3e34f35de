/* yaml_scalar.h -- what YAML scalars mean. Private to host/model/dag. */
#ifndef ORCH_MODEL_DAG_SOURCE_YAML_SCALAR_H
#define ORCH_MODEL_DAG_SOURCE_YAML_SCALAR_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A plain scalar by the core schema (YAML 1.2.2, 10.3.2); text must be UTF-8. Refuses numbers that
 * JSON cannot hold. The caller owns *ret. */
bool yaml_plain(const char *text, json_t **ret, struct err *e) must_check;

#endif
