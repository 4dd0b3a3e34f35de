/* clear.h -- dead letters that an operator clears: their tasks read as failed from then on. The
 * letters go, their snapshot comes and the ledger says who did it and why in one batch. Loop
 * thread. */
#ifndef ORCH_ENGINE_LANES_CLEAR_H
#define ORCH_ENGINE_LANES_CLEAR_H

#include "api/api.h"

struct engine_env;

/* As api_engine.letters_clear says. */
void letters_clear(const struct engine_env *env, const struct api_actor *who,
                   const struct api_letters_clear *what, api_done_fn done, void *done_arg);

#endif
