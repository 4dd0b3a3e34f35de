/* gate.c -- see gate.h. */
#include "engine/runs/gate.h"

#include "base/mem.h"
#include "engine/runs/active_run.h"

#include <assert.h>
#include <math.h>

void gate_free(struct gate *gate)
{
    if (gate == NULL)
        return;
    free(gate->debounce);
    free(gate->concurrency);
    free(gate);
}

bool gate_new(const struct dag *dag, json_t *input, struct gate **ret, struct err *e)
{
    bool debounces = dag->debounce.period_s > 0;
    bool bounded = dag->concurrency.on_conflict != ON_CONFLICT_INVALID;
    auto_obj(gate) gate = NULL;

    *ret = NULL;
    if (!debounces && !bounded)
        return true;
    gate = mem_new(struct gate);
    if ((debounces &&
         !gate_key_text(&dag->debounce.key, input, "debounce.key", &gate->debounce, e)) ||
        (bounded &&
         !gate_key_text(&dag->concurrency.key, input, "concurrency.key", &gate->concurrency, e)))
        return false;
    gate->stage = debounces ? GATE_DEBOUNCE : GATE_CONCURRENCY;
    *ret = take(gate);
    return true;
}

bool gate_waits(const struct gate *gate)
{
    return gate != NULL && gate->stage != GATE_OPEN;
}

void gate_next(struct gate *gate)
{
    assert(gate->stage == GATE_DEBOUNCE);
    gate->stage = gate->concurrency != NULL ? GATE_CONCURRENCY : GATE_OPEN;
    gate->there = false;
}

const char *gate_kind(enum gate_stage stage)
{
    return stage == GATE_DEBOUNCE ? STORE_GATE_DEBOUNCE : STORE_GATE_CONCURRENCY;
}

const char *gate_stage_key(const struct gate *gate)
{
    assert(gate->stage != GATE_OPEN);
    return gate->stage == GATE_DEBOUNCE ? gate->debounce : gate->concurrency;
}

static int64_t us(double seconds)
{
    return (int64_t)llround(seconds * 1e6);
}

struct store_gate gate_row(const struct active_run *ar, enum gate_stage stage)
{
    const struct debounce *debounce = &ar->dag->debounce;
    const struct concurrency *concurrency = &ar->dag->concurrency;
    bool debounces = stage == GATE_DEBOUNCE;

    return (struct store_gate){
        .tenant = ar->tenant,
        .run_id = ar->run_id,
        .kind = gate_kind(stage),
        .dag_id = ar->dag->dag_id,
        .gate_key = debounces ? ar->gate->debounce : ar->gate->concurrency,
        .bound = debounces ? us(debounce->max_wait_s) : concurrency->limit,
        .on_conflict = debounces ? "" : on_conflict_text(concurrency->on_conflict),
        .created_us = ar->created_us,
        .due_us = ar->created_us + (debounces ? us(debounce->period_s) : 0),
        .first_us = ar->created_us,
    };
}
