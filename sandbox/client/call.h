/* call.h -- the forbidden system call that ended an attempt, in words. */
#ifndef ORCH_SANDBOX_CLIENT_CALL_H
#define ORCH_SANDBOX_CLIENT_CALL_H

#include "base/buf.h"
#include "sandbox/wire/outcome.h"

/* "policy violation: system call execve (59)"; without the name where nobody was told. */
void call_say(const struct observed *seen, struct buf *b);

#endif
