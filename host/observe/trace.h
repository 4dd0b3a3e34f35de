/* trace.h -- W3C Trace Context, level 1: the traceparent header in and out. Pure. */
#ifndef ORCH_OBSERVE_TRACE_H
#define ORCH_OBSERVE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

enum { TRACE_ID_BYTES = 33, TRACEPARENT_BYTES = 56 };

struct trace {
    char trace_id[TRACE_ID_BYTES];       /* 32 hex digits */
    char traceparent[TRACEPARENT_BYTES]; /* of this request's own span */
};

/* Joins the caller's trace; an absent or invalid header starts a new one, never an error. */
struct trace trace_of(const char *traceparent);

#endif
