/* rows_quotas.h -- the rows of quotas, and what is counted of jobs (rows.h). */
#ifndef ORCH_STORE_ROWS_QUOTAS_H
#define ORCH_STORE_ROWS_QUOTAS_H

#include <stdbool.h>
#include <stdint.h>

/* quotas: what a tenant may start in a lane; one a tenant and lane. 0: not bounded. */
struct store_quota {
    const char *tenant;
    const char *quota_id;
    const char *job_type; /* the lane's name, whether there is such a lane or not */
    int64_t max_active;
    int64_t max_per_hour, burst;
    int64_t weight;
    bool paused;
    int64_t version;        /* from 1 */
    const char *created_by; /* NULL */
    int64_t created_us, updated_us;
};

#endif
