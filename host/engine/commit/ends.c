/* ends.c -- see ends.h. */
#include "engine/commit/ends.h"

#include "base/log.h"
#include "base/mem.h"
#include "model/words/outcomes.h"
#include "model/words/states.h"

#include <string.h>

void ends_add(struct acts *acts, const struct run_decision *d)
{
    struct active_run *ar = acts->ar;
    bool fails = d->done.state == NODE_FAILED && !d->ref.compensation;

    if (acts->end_count == acts->end_cap) {
        acts->end_cap = acts->end_cap * 2 + 4;
        acts->ends = mem_resize(acts->ends, acts->end_cap, sizeof *acts->ends);
    }
    acts->ends[acts->end_count++] = (struct act_end){
        .ref = d->ref,
        .class = d->done.class,
        .status = d->done.state == NODE_WAITING ? STATUS_RETRYING : node_state_text(d->done.state),
        .error = d->done.error != NULL ? mem_str(d->done.error) : NULL,
    };
    if (fails && ar->failed_class == OUTCOME_INVALID) {
        ar->failed_class = d->done.class;
        ar->failed_node = d->ref.node;
    }
}

void ends_run(struct acts *acts, const char *error)
{
    acts->ends_run = true;
    acts->run_error = error != NULL ? mem_str(error) : NULL;
}

void ends_done(struct acts *acts)
{
    for (size_t i = 0; i < acts->end_count; i++)
        free(acts->ends[i].error);
    free(acts->ends);
    free(acts->run_error);
}

/* ---- the lines ---- */

#define OF_RUN(ar)                                                                                 \
    F_STR("tenant", (ar)->tenant), F_STR("dagId", (ar)->dag->dag_id), F_STR("runId", (ar)->run_id)

static const char *attempt_words(enum outcome class)
{
    return class == OUTCOME_OK          ? "attempt completed"
           : class == OUTCOME_CANCELLED ? "attempt cancelled"
           : class == OUTCOME_PREEMPTED ? "attempt preempted"
                                        : "attempt failed";
}

static const char *run_words(enum run_state state)
{
    return state == RUN_COMPLETED   ? "dag run completed"
           : state == RUN_CANCELLED ? "dag run cancelled"
                                    : "dag run failed";
}

static void tell_attempt(const struct active_run *ar, const struct act_end *end)
{
    struct log_field fields[] = {
        F_STR("msg", attempt_words(end->class)),
        OF_RUN(ar),
        F_STR("stepId", ar->dag->nodes[end->ref.node].node_id),
        F_INT("attempt", end->ref.attempt),
        F_STR("status", end->status),
        F_STR("class", outcome_name(end->class)),
        F_INT("compensation", end->ref.compensation),
        F_STR("trace_id", ar->trace_id),
        F_STR("error", end->error),
    };
    size_t count = ARRAY_LEN(fields) - (end->error == NULL);

    if (end->class == OUTCOME_OK)
        log_fields(LOG_INFO, "attempt.completed", fields, count);
    else if (end->class == OUTCOME_CANCELLED)
        log_fields(LOG_INFO, "attempt.cancelled", fields, count);
    else if (end->class == OUTCOME_PREEMPTED)
        log_fields(LOG_INFO, "attempt.preempted", fields, count);
    else
        log_fields(LOG_WARN, "attempt.failed", fields, count);
}

static void put_run(enum run_state state, const struct log_field *fields, size_t count)
{
    if (state == RUN_COMPLETED)
        log_fields(LOG_INFO, "run.completed", fields, count);
    else if (state == RUN_CANCELLED)
        log_fields(LOG_INFO, "run.cancelled", fields, count);
    else
        log_fields(LOG_WARN, "run.failed", fields, count);
}

static void tell_run(const struct acts *acts)
{
    const struct active_run *ar = acts->ar;
    bool known = ar->failed_class != OUTCOME_INVALID && ar->final_state == RUN_FAILED;
    struct log_field fields[] = {
        F_STR("msg", run_words(ar->final_state)),
        OF_RUN(ar),
        F_STR("stepId", known ? ar->dag->nodes[ar->failed_node].node_id : ""),
        F_STR("status", run_state_text(ar->final_state)),
        F_STR("class", known                              ? outcome_name(ar->failed_class)
                       : ar->final_state == RUN_COMPLETED ? outcome_name(OUTCOME_OK)
                                                          : run_state_text(ar->final_state)),
        F_STR("trace_id", ar->trace_id),
        F_STR("error", acts->run_error),
    };

    put_run(ar->final_state, fields, ARRAY_LEN(fields) - (acts->run_error == NULL));
}

void ends_tell_closed(const struct api_event *event, const char *error)
{
    bool cancelled = strcmp(event->status, run_state_text(RUN_CANCELLED)) == 0;
    enum run_state state = cancelled ? RUN_CANCELLED : RUN_FAILED;
    struct log_field fields[] = {
        F_STR("msg", run_words(state)),
        F_STR("tenant", event->tenant),
        F_STR("dagId", event->dag_id),
        F_STR("runId", event->run_id),
        F_STR("stepId", ""),
        F_STR("status", event->status),
        F_STR("class", event->status),
        F_STR("trace_id", event->trace_id),
        F_STR("error", error),
    };

    put_run(state, fields, ARRAY_LEN(fields) - (error == NULL));
}

void ends_tell(const struct acts *acts)
{
    for (size_t i = 0; i < acts->end_count; i++)
        tell_attempt(acts->ar, &acts->ends[i]);
    if (acts->ends_run)
        tell_run(acts);
}
