/* look.h -- a look at some keys that were stirred: what is asked of the store for their runs, and
 * what it then says of them. The loop makes it, a thread beside it reads. */
#ifndef ORCH_ENGINE_GATES_LOOK_H
#define ORCH_ENGINE_GATES_LOOK_H

#include "engine/runs/gated.h"
#include "store/batch.h"
#include "store/reader.h"

enum {
    GATES_KEYS_MAX = 32, /* of a look */
    GATES_ENDS_MAX = 4,  /* of a key the oldest runs, and the newest */
    GATES_RUNS_MAX = 2 * GATES_ENDS_MAX,
};

struct gates_run {
    char run_id[UUID_TEXT_BYTES];
    struct store_gate_list row; /* its own; empty: there is none */
};

/* A key and those of its runs that come first, or may be superseded. */
struct gates_key {
    char *tenant, *dag_id, *key;
    enum gate_stage stage;
    bool replaces; /* one of them cancels who holds a place */
    uint32_t newest_max;
    struct gates_run runs[GATES_RUNS_MAX];
    const struct active_run *of[GATES_RUNS_MAX]; /* only while it is taken: they may go */
    size_t count;
    struct store_gate_list newest, held; /* of all hosts; held only where one replaces */
};

struct gates_look {
    struct gates_key keys[GATES_KEYS_MAX];
    size_t count;
    struct err failed; /* code set: a key could not be read */
};

/* Takes the stirred keys, one at least; into the batch goes what may open their gates. */
void gates_look_take(struct gates_look *look, struct gated *gated, int64_t now_ns, int64_t wall_us,
                     struct store_batch *batch);
void gates_look_read(struct gates_look *look, struct store_reader *reader);
void gates_look_done(struct gates_look *look);

#endif
