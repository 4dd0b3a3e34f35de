/* secrets.h -- secret references of a node on their way: the sealed blobs go from the store to the
 * authority with the attempt's pipe; the host never sees a value. Inside attempts only. */
#ifndef ORCH_ENGINE_ATTEMPTS_SECRETS_H
#define ORCH_ENGINE_ATTEMPTS_SECRETS_H

#include "model/words/outcomes.h"

#include <stdint.h>

struct dag_node;
struct engine_env;

/* Told at most once for each secrets_send, during the call or later; the attempt may be gone. */
struct secrets_sink {
    void *arg;
    void (*failed)(void *arg, uint64_t attempt_id, enum outcome class, const char *message);
};

/* Takes *pipe_fd. A secret that is not there, or that the authority refuses, fails the attempt
 * with a message that names the reference. */
void secrets_send(const struct engine_env *env, const char *tenant, const struct dag_node *node,
                  int *pipe_fd, uint64_t attempt_id, struct secrets_sink sink);

#endif
