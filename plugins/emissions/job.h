/* job.h -- one attempt of an agent, and how it reports what is wrong with a facility's data.
 * Everything lives in the host's arena until the attempt ends. */
#ifndef EMISSIONS_JOB_H
#define EMISSIONS_JOB_H

#include <orch/sdk.h>

struct job {
    const orch_host *host;
    orch_run *run;
    orch_json input; /* the node's input, a JSON object */
};

/* "row 7, column quantity: ...", as ValueError; gives ORCH_E_INPUT to return. */
#define bad_cell(job, line, column, format, ...)                                                   \
    orch_fail((job)->host, (job)->run, ORCH_E_INPUT, "ValueError", "row %lld, column %s: " format, \
              (long long)(line), column, ##__VA_ARGS__)
/* The same where there is no row. */
#define bad_input(job, format, ...)                                                                \
    orch_fail((job)->host, (job)->run, ORCH_E_INPUT, "ValueError", format, ##__VA_ARGS__)
#define out_of_memory(job)                                                                         \
    orch_fail((job)->host, (job)->run, ORCH_E_FATAL, "MemoryError", "the arena is full")

/* The agents, one function each. */
orch_status agent_intake(struct job *job);
orch_status agent_validate(struct job *job);
orch_status agent_scope1(struct job *job);
orch_status agent_scope2(struct job *job);
orch_status agent_aggregate(struct job *job);
orch_status agent_report(struct job *job);

#endif
