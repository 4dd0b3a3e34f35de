/* rows_gates.h -- the rows of what runs wait at before they begin (rows.h). */
#ifndef ORCH_STORE_ROWS_GATES_H
#define ORCH_STORE_ROWS_GATES_H

#include <stdint.h>

#define STORE_GATE_CONCURRENCY "concurrency"
#define STORE_GATE_DEBOUNCE "debounce"

/* run_gates: a run that waits, or holds a place. It goes with the run's end; of debounce when the
 * run may begin. Of a key are the rows of a tenant with the same dag_id, kind and gate_key. */
struct store_gate {
    const char *tenant;
    const char *run_id;
    const char *kind;
    const char *dag_id;
    const char *gate_key; /* canonical JSON; "": of the whole DAG */
    int64_t bound;        /* places of the key; of debounce: what it waits at most, in us, 0: any */
    const char *on_conflict; /* its word; "" of debounce */
    int64_t slot;            /* the place that it holds, from 1; 0: it waits */
    int64_t created_us;      /* of the run: the order, and among equals the run's id */
    int64_t due_us;          /* of debounce: it may begin; else created_us */
    int64_t first_us; /* of debounce: the first start of those that it stands for; the same */
};

#endif
