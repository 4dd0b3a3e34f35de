/* zygote.h -- what befalls zygotes, and what follows for their domain, its pools and its plugin.
 *
 * ZYGOTE_START is followed by ZYGOTE_READY and later ZYGOTE_GONE, or by ZYGOTE_GONE alone with its
 * reason. A zygote that is not ready in load_ms is killed; that its end is told later changes
 * nothing then. Failures in a row make its domain wait longer (backoff.h) until a process of it is
 * there; the third and each behind it is told to those who wait. */
#ifndef ORCH_SANDBOX_CLIENT_ZYGOTE_H
#define ORCH_SANDBOX_CLIENT_ZYGOTE_H

#include "sandbox/client/plugin.h"
#include "sandbox/client/pool.h"

/* A frame that names a zygote: ZYGOTE_READY or ZYGOTE_GONE. False: it cannot be read. */
bool zygote_heard(struct plugins *plugins, const struct frame *frame) must_check;
/* Starting for too long, too old, used too often, no longer needed. */
void zygotes_turn(struct plugins *plugins);

#endif
