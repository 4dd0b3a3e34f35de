/* tell.c -- see tell.h. */
#include "engine/commit/tell.h"

#include "base/mem.h"
#include "engine/env/env.h"

void acts_publish(const struct engine_env *env, const struct acts *acts)
{
    const struct active_run *ar = acts->ar;
    auto_mem struct api_event *out = mem_array(acts->event_count, struct api_event);

    for (size_t i = 0; i < acts->event_count; i++) {
        const struct act_event *event = &acts->events[i];

        out[i] = (struct api_event){
            .seq = acts->first_event + (int64_t)i,
            .tenant = ar->tenant,
            .dag_id = ar->dag->dag_id,
            .run_id = ar->run_id,
            .type = event->type,
            .status = event->status,
            .trace_id = ar->trace_id,
            .step_id = event->node != NO_NODE ? ar->dag->nodes[event->node].node_id : NULL,
            .attempt = (int32_t)event->attempt,
            .wall_us = event->wall_us,
            .payload = event->payload,
        };
    }
    if (acts->event_count > 0)
        env->publish(env->arg, out, acts->event_count);
}

void acts_answer(struct acts *acts)
{
    const struct act_answer *a = &acts->answer;
    api_done_fn done = take(acts->answer.done);

    if (done != NULL)
        done(a->done_arg, &(struct api_outcome){
                              .run_id = acts->ar->run_id,
                              .dag_id = acts->ar->dag->dag_id,
                              .version = acts->ar->dag->version,
                              .trace_id = acts->ar->trace_id,
                              .created = a->created,
                              .skipped = a->skipped,
                              .remaining = a->remaining,
                          });
}
