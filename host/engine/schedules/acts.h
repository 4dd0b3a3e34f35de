/* acts.h -- what one look began and is not back yet: batches, and starts of runs. Behind the last
 * of them over is called, once. Loop thread. */
#ifndef ORCH_ENGINE_SCHEDULES_ACTS_H
#define ORCH_ENGINE_SCHEDULES_ACTS_H

#include <stdbool.h>
#include <stddef.h>

struct engine_env;
struct store_batch;

struct acts {
    const struct engine_env *env;
    void (*over)(void *arg);
    void *arg;
    size_t open;
    bool later; /* some of it could not be begun, or was refused: it is looked at anew */
};

void acts_begin(struct acts *acts); /* one more */
void acts_end(struct acts *acts);   /* one is back */
/* Takes the batch. */
void acts_submit(struct acts *acts, struct store_batch *batch);

#endif
