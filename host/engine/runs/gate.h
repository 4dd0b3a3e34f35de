/* gate.h -- what one run waits at before it begins (model/dag/gate.h): its keys, how far it is, and
 * the row that says so in the store (store/rows_gates.h). First debounce, then concurrency.
 *
 * A run has a gate when its definition has one of them, until it ends: it may hold a place. */
#ifndef ORCH_ENGINE_RUNS_GATE_H
#define ORCH_ENGINE_RUNS_GATE_H

#include "base/uuid.h"
#include "model/dag/dag.h"
#include "store/rows.h"

#include <sys/queue.h>

struct active_run;
struct gate_group;

enum gate_stage {
    GATE_DEBOUNCE,
    GATE_CONCURRENCY,
    GATE_OPEN, /* it may begin; of concurrency: it holds a place */
};

struct gate {
    enum gate_stage stage;
    char *debounce, *concurrency;   /* the keys; NULL: the definition has none */
    bool there;                     /* the row of its stage was put */
    int64_t due_us;                 /* of debounce, by its row; 0: not read yet */
    char replaces[UUID_TEXT_BYTES]; /* the run that was last cancelled for it; "": none */
    struct gate_group *group;       /* while it waits (gated.h) */
    TAILQ_ENTRY(active_run) of_group;
};

/* The caller owns *ret; NULL: the definition has none. Errors as gate_key_text. */
bool gate_new(const struct dag *dag, json_t *input, struct gate **ret, struct err *e) must_check;
void gate_free(struct gate *gate); /* accepts NULL */
DEFINE_AUTO(gate)

/* False of NULL, too. */
bool gate_waits(const struct gate *gate);
/* That the run waits at no debounce: its next stage, for which no row was put. */
void gate_next(struct gate *gate);
const char *gate_kind(enum gate_stage stage);
/* The key of its stage; not of one that is open. */
const char *gate_stage_key(const struct gate *gate);
/* As it is put, of the stage. Borrows from the run. */
struct store_gate gate_row(const struct active_run *ar, enum gate_stage stage);

#endif
