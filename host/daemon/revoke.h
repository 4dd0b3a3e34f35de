/* revoke.h -- a token is taken back before its time.
 *
 * In this order: the authority has it on its list, on the disk, and refuses it; what this process
 * remembers of it opens nothing, and its streams end; the store has it, for a host whose authority
 * was lost, with the entry of who did it; the answer. A step that fails is answered with its error
 * and may be asked for again. */
#ifndef ORCH_DAEMON_REVOKE_H
#define ORCH_DAEMON_REVOKE_H

#include "api/api.h"

struct host;

/* ERR_NOT_FOUND unless the tenant's ledger has that this host saw the token. */
void revoke_token(struct host *host, const struct api_actor *who, const char *token_id,
                  api_done_fn done, void *done_arg);

#endif
