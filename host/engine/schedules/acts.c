/* acts.c -- see acts.h. */
#include "engine/schedules/acts.h"

#include "engine/env/env.h"

void acts_begin(struct acts *acts)
{
    acts->open++;
}

void acts_end(struct acts *acts)
{
    if (--acts->open == 0)
        acts->over(acts->arg);
}

/* Behind an error it is looked at anew: what it was about may be gone, or paused. */
static void noted(void *arg, const struct store_done *result)
{
    struct acts *acts = arg;

    acts->later |= result->err != NULL;
    acts_end(acts);
}

void acts_submit(struct acts *acts, struct store_batch *batch)
{
    struct err e = {0};

    acts_begin(acts);
    if (store_submit_take(acts->env->store, &batch, noted, acts, &e))
        return;
    store_batch_free(batch);
    noted(acts, &(struct store_done){.err = &e});
}
