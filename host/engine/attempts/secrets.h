/* secrets.h -- secret references of a node on their way: the sealed blobs go from the store to the
 * authority with the attempt's pipe; the host never sees a value. Also the api's secret calls. */
#ifndef ORCH_ENGINE_ATTEMPTS_SECRETS_H
#define ORCH_ENGINE_ATTEMPTS_SECRETS_H

#include "api/api.h"

#include <stdint.h>

struct dag_node;
struct host;

/* Takes *pipe_fd. A secret that is not there, or that the authority refuses, fails the attempt
 * with a message that names the reference. */
void secrets_send(struct host *host, const char *tenant, const struct dag_node *node, int *pipe_fd,
                  uint64_t attempt_id);

void secrets_put(struct host *host, const struct api_actor *who, const struct api_secret_put *what,
                 api_done_fn done, void *done_arg);
void secrets_delete(struct host *host, const struct api_actor *who, const char *name,
                    api_done_fn done, void *done_arg);

#endif
