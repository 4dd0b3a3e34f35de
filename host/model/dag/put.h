/* put.h -- members of an object that is made. Private to this folder. */
#ifndef ORCH_MODEL_DAG_PUT_H
#define ORCH_MODEL_DAG_PUT_H

#include "base/json.h"

#include <assert.h>

static inline void put(json_t *object, const char *key, json_t *value_owned)
{
    int status = json_object_set_new(object, key, value_owned);

    assert(status == 0); /* every text of a model is valid UTF-8 */
}

static inline void put_text(json_t *object, const char *key, const char *text_or_null)
{
    put(object, key, text_or_null != NULL ? json_string(text_or_null) : json_null());
}

#endif
