/* tell.h -- what a durable commit is told to whoever hears: streams, and the client that asked. */
#ifndef ORCH_ENGINE_COMMIT_TELL_H
#define ORCH_ENGINE_COMMIT_TELL_H

#include "engine/commit/acts.h"

void acts_publish(const struct engine_env *env, const struct acts *acts);
/* Once: nobody waits afterwards. */
void acts_answer(struct acts *acts);

#endif
