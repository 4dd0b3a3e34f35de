/* problem.h -- the one error body (USERS.md 2, note A): RFC 9457 beside StellaOps' error member
 * and GreenLang's detail. Pure.
 *
 * Codes are UPPER_SNAKE and never change; an internal fault says nothing of its cause to the
 * client, the cause goes to the log under the same trace id. */
#ifndef ORCH_API_HTTP_PROBLEM_H
#define ORCH_API_HTTP_PROBLEM_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

struct problem {
    int status;           /* 0: that of the err code */
    const char *code;     /* NULL: that of the err code */
    const struct err *e;  /* the text */
    const json_t *errors; /* array or NULL */
    const char *instance; /* the path */
    const char *trace_id;
};

int problem_status(const struct problem *p);
/* "DAG_NOT_FOUND" and the like; the err code's default when the problem has none. */
const char *problem_code(const struct problem *p);
/* True when the client must not see the cause. */
bool problem_is_internal(const struct problem *p);
json_t *problem_json_owned(const struct problem *p) must_check;

/* The text of a status, "Not Found". */
const char *http_status_text(int status);

#endif
