/* recover.h -- runs that go on from the store: what is found at start, and what was dropped because
 * a commit of it was refused. */
#ifndef ORCH_ENGINE_CONTROL_RECOVER_H
#define ORCH_ENGINE_CONTROL_RECOVER_H

#include "base/err.h"
#include "engine/control/control.h"

#include <stdint.h>

/* Builds every unfinished run anew from the store and lets it go on. Returns how many, with those
 * whose definition has to be read first: they are among the leftovers (leftovers.h) until then. So
 * is a run that cannot be built; they end it. */
bool recover_all(struct control *ctl, unsigned *ret_count, struct err *e) must_check;

/* One run, after so many refusals in a row; what fails is a leftover again. */
enum { RECOVER_AGAIN_MAX = 3 };
struct recovering {
    const char *tenant, *run_id;
    uint32_t count;
    bool at_start; /* of leftover_of */
};
void recover_again(struct control *ctl, const struct recovering *what);

#endif
