/* adding.h -- tasks whose XADD is under way. */
#ifndef ORCH_BRIDGE_REDIS_ADDING_H
#define ORCH_BRIDGE_REDIS_ADDING_H

#include <stdbool.h>

struct adding_task;
struct adding {
    struct adding_task *all;
};

/* Until adding_end, by which it is freed. The same task may be there more than once. */
struct adding_task *adding_begin(struct adding *adding, const char *tenant, const char *task_id);
void adding_end(struct adding *adding, struct adding_task *task);
bool adding_has(const struct adding *adding, const char *tenant, const char *task_id);

const char *adding_tenant(const struct adding_task *task);
const char *adding_task_id(const struct adding_task *task);

#endif
