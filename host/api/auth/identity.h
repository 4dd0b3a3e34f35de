/* identity.h -- who asks, for which tenant, and whether they may: one decision, pure.
 *
 * DESIGN.md 12 (tenant header), contract/stellaops.md 0.1-0.4 and 5: both scope families are
 * accepted. A right that comes from orch:operate alone needs reason and ticket headers for a
 * change. The token's tenant must be the request's. */
#ifndef ORCH_API_AUTH_IDENTITY_H
#define ORCH_API_AUTH_IDENTITY_H

#include "api/auth/claims.h"
#include "api/http/http.h"
#include "api/http/router.h"
#include "base/limits.h"

enum {
    REASON_BYTES_MAX = 256,
    TICKET_BYTES_MAX = 128,
};

struct identity {
    struct claims claims;
    char tenant[TENANT_BYTES_MAX + 1];
    char reason[REASON_BYTES_MAX + 1];
    char ticket[TICKET_BYTES_MAX + 1];
};

/* The token behind "Authorization: Bearer "; NULL when there is none. */
/* Of a client of the host's own machine, where that is enough (struct route). */
extern const struct claims claims_loopback;

const char *bearer_token(const struct http_head *head);

/* need must not be NEED_NOTHING. On failure *ret_code is the problem's code. */
bool identity_decide(const struct http_head *head, const struct claims *claims,
                     enum route_need need, bool dev, struct identity *ret, const char **ret_code,
                     struct err *e) must_check;

/* Whether who was decided about may do something else besides. */
bool identity_may(const struct identity *who, enum route_need need, const char **ret_code,
                  struct err *e) must_check;

#endif
