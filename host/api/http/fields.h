/* fields.h -- which members a JSON body may and must have, from one blank-separated list. Pure. */
#ifndef ORCH_API_HTTP_FIELDS_H
#define ORCH_API_HTTP_FIELDS_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* list: "name! nodes! description": a "!" marks what must be there; "*" takes anything. The result
 * holds one {loc, msg, type, pointer} an offence, unknown members first (greenlang 6: FastAPI's
 * shape); empty: all is well. The caller owns it. */
json_t *fields_check_owned(const json_t *object, const char *list)
    __attribute__((warn_unused_result));
/* The first of them as ERR_INVALID; false: there is one. */
bool fields_check(const json_t *object, const char *list, struct err *e) must_check;
/* A member that people read, as a reason in the ledger: clean text of so many bytes at most.
 * absent: what is taken where it is not said. Borrowed; ERR_INVALID names it. */
bool fields_text(const json_t *object, const char *name, const char *absent, size_t bytes_max,
                 const char **ret, struct err *e) must_check;

#endif
