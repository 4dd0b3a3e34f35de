/* adding.c -- see adding.h. */
#include "bridge/redis/adding.h"

#include "base/mem.h"

#include <string.h>
#include <uthash.h>

struct adding_task {
    char *tenant, *task_id;
    char *name; /* both */
    UT_hash_handle hh;
};

static char *name_of(const char *tenant, const char *task_id)
{
    return mem_printf("%s\n%s", tenant, task_id);
}

struct adding_task *adding_begin(struct adding *adding, const char *tenant, const char *task_id)
{
    struct adding_task *task = mem_new(struct adding_task);

    task->tenant = mem_str(tenant);
    task->task_id = mem_str(task_id);
    task->name = name_of(tenant, task_id);
    HASH_ADD_KEYPTR(hh, adding->all, task->name, strlen(task->name), task);
    return task;
}

void adding_end(struct adding *adding, struct adding_task *task)
{
    HASH_DEL(adding->all, task);
    free(task->tenant);
    free(task->task_id);
    free(task->name);
    free(task);
}

bool adding_has(const struct adding *adding, const char *tenant, const char *task_id)
{
    auto_mem char *name = NULL;
    struct adding_task *found;

    if (adding->all == NULL)
        return false;
    name = name_of(tenant, task_id);
    HASH_FIND_STR(adding->all, name, found);
    return found != NULL;
}

const char *adding_tenant(const struct adding_task *task)
{
    return task->tenant;
}

const char *adding_task_id(const struct adding_task *task)
{
    return task->task_id;
}
