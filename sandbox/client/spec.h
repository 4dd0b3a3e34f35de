/* spec.h -- what the caller may ask for: an order is checked, completed with the defaults, and its
 * words are packed for the attempt. Pure. */
#ifndef ORCH_SANDBOX_CLIENT_SPEC_H
#define ORCH_SANDBOX_CLIENT_SPEC_H

#include "base/buf.h"
#include "sandbox/client/client.h"

/* Fills in limits, level and isolation (never below least). Refusals: sandbox_attempt_start. */
bool spec_complete(struct attempt_spec *spec, const struct layer_report *report,
                   enum isolation least, struct err *e) must_check;
/* The message of the whole input (struct attempt_input). */
bool spec_pack(const struct attempt_spec *spec, struct buf *b, struct err *e) must_check;

#endif
