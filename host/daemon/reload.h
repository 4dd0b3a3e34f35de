/* reload.h -- what an operator changed beside a running host: trust/ and plugins/ are read again,
 * every loaded bundle is verified anew, tokens and definitions that were remembered are forgotten.
 */
#ifndef ORCH_DAEMON_RELOAD_H
#define ORCH_DAEMON_RELOAD_H

#include "api/api.h"

struct host;

/* Answers when the authority did; done may be NULL, then the log says how it went. */
void reload_trust(struct host *host, api_done_fn done, void *done_arg);

#endif
