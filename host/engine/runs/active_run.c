/* active_run.c -- see active_run.h. */
#include "engine/runs/active_run.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

struct active_run *active_run_new(const struct engine_env *env, const char *tenant,
                                  struct dag_use **use, json_t *input)
{
    struct active_run *ar = mem_new(struct active_run);

    ar->env = env;
    ar->place = PLACE_WAITING;
    ar->tenant = mem_str(tenant);
    ar->use = take(*use);
    ar->dag = dag_use_dag(ar->use);
    ar->input = json_incref(input);
    ar->compensations = json_array();
    ar->nodes = mem_array(ar->dag->node_count, struct node_fact);
    for (size_t i = 0; i < ar->dag->node_count; i++)
        ar->nodes[i].profile = PROFILE_PURE;
    event_chain_begin(&ar->chain);
    return ar;
}

void active_run_free(struct active_run *ar)
{
    if (ar == NULL)
        return;
    assert(ar->in_flight == 0);
    for (size_t i = 0; i < ar->dag->node_count; i++)
        json_decref(ar->nodes[i].record);
    free(ar->nodes);
    run_free(ar->run);
    dag_use_end(ar->use);
    json_decref(ar->input);
    json_decref(ar->compensations);
    free(ar->tenant);
    free(ar);
}
