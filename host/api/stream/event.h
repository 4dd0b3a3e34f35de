/* event.h -- a committed event as the host hands it to the stream. */
#ifndef ORCH_API_STREAM_EVENT_H
#define ORCH_API_STREAM_EVENT_H

#include <stdint.h>

/* One committed row of run_events. Texts are copied; NULL where they do not apply. */
struct api_event {
    int64_t seq; /* the store's; ascending over all calls */
    const char *tenant;
    const char *dag_id;
    const char *run_id;
    const char *type; /* run.started, run.updated, step.updated, run.completed, ... */
    const char *status;
    const char *trace_id;
    const char *step_id;
    int32_t attempt; /* 0: none */
    int64_t wall_us;
    const char *payload; /* JSON object text, goes out as "data"; NULL */
};

#endif
