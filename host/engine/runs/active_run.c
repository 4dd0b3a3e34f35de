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

void active_run_drop_texts(struct active_run *ar, uint32_t node)
{
    struct node_texts *texts = &ar->nodes[node].texts;

    buf_done(&texts->canonical);
    buf_done(&texts->compact);
    *texts = (struct node_texts){0};
}

void active_run_take_texts(struct active_run *ar, uint32_t node, struct json_read *read)
{
    struct node_texts *texts = &ar->nodes[node].texts;

    active_run_drop_texts(ar, node);
    *texts = (struct node_texts){read->canonical, read->compact};
    read->canonical = read->compact = (struct buf){0};
    outputs_wrap_text(read->value, &texts->canonical);
    outputs_wrap_text(read->value, &texts->compact);
}

const struct node_texts *active_run_texts(struct active_run *ar, uint32_t node,
                                          const json_t *outputs)
{
    struct node_texts *texts = &ar->nodes[node].texts;
    struct err e = {0};

    if (texts->canonical.len > 0)
        return texts;
    if (!jcs_write(outputs, &texts->canonical, &e))
        assert(!"outputs came through the door: they have a canonical form");
    json_add_compact(&texts->compact, outputs);
    return texts;
}

void active_run_free(struct active_run *ar)
{
    if (ar == NULL)
        return;
    assert(ar->in_flight == 0);
    for (uint32_t i = 0; i < ar->dag->node_count; i++) {
        json_decref(ar->nodes[i].record);
        active_run_drop_texts(ar, i);
    }
    free(ar->nodes);
    run_free(ar->run);
    dag_use_end(ar->use);
    json_decref(ar->input);
    json_decref(ar->compensations);
    free(ar->tenant);
    free(ar);
}
