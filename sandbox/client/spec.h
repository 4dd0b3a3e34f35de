/* spec.h -- what the caller may ask for: an order is checked, completed with the defaults, and its
 * words are packed for the attempt. Pure. */
#ifndef ORCH_SANDBOX_CLIENT_SPEC_H
#define ORCH_SANDBOX_CLIENT_SPEC_H

#include "base/buf.h"
#include "sandbox/client/client.h"

/* What the plugin's publisher wants of any attempt. */
struct spec_terms {
    enum isolation least; /* UNSET: as each asks */
    bool warm_granted;
};

/* Fills in limits, level and isolation. Refusals: sandbox_attempt_start. */
bool spec_complete(struct attempt_spec *spec, const struct layer_report *report,
                   const struct spec_terms *terms, struct err *e) must_check;
/* What a plugin has to be content with while it describes itself: the defaults. */
struct attempt_limits spec_limits_default(void);
/* Some process gets less than that: what fails in it may fail for want of room alone. */
bool spec_limits_are_narrow(const struct attempt_limits *limits);
/* The message of the whole input (struct attempt_input). */
bool spec_pack(const struct attempt_spec *spec, struct buf *b, struct err *e) must_check;

#endif
