/* wave.h -- which operations may go together. Within a wave the statements run by kind, in the
 * order of enum store_op, each with all rows of its kind; an operation joins it only where that
 * leaves what the order of the calls would. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_WAVE_H
#define ORCH_STORE_POSTGRES_WAVE_H

#include "store/ops.h"

struct touched;
struct wave {
    struct touched *touched; /* by a hash of what it is: two that meet cost a wave, nothing else */
    size_t count, cap;
};
void wave_done(struct wave *w);
DEFINE_AUTO_DONE(wave)

/* False: it needs the next wave. */
bool wave_take(struct wave *w, const struct op *op) must_check;
/* The next one begins. */
void wave_next(struct wave *w);

#endif
