/* credentials.h -- what the host learns from its authority at the start: its public keys; and what
 * a development host makes on its first start: a trusted publisher and a token. */
#ifndef ORCH_DAEMON_CREDENTIALS_H
#define ORCH_DAEMON_CREDENTIALS_H

#include "base/err.h"

struct host;

/* Sets host->box_key and host->builder_id. Waits for the authority. */
bool identity_load(struct host *host, struct err *e) must_check;

/* --dev: trusts HOME/publisher.pub.pem, when there is one, for every tenant and plugin, and writes
 * HOME/token (0600) when there is none that verifies. Both stay as they are on later starts. */
bool identity_dev(struct host *host, struct err *e) must_check;

/* Tells the authority which tokens were revoked before it started. */
bool identity_revocations(struct host *host, struct err *e) must_check;

#endif
