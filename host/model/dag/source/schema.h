/* schema.h -- a definition's form as JSON Schema, for editors and other languages. Made from the
 * tables that the loader reads by, so a field is in both or in neither. Pure; any process. */
#ifndef ORCH_MODEL_DAG_SOURCE_SCHEMA_H
#define ORCH_MODEL_DAG_SOURCE_SCHEMA_H

#include "base/json.h"

json_t *dag_schema_owned(void) must_check;

#endif
