/* target.h -- which Redis: redis://[[USER][:PASSWORD]@]HOST[:PORT][/DATABASE], as its clients
 * write it (the scheme that IANA has as "redis"). */
#ifndef ORCH_BRIDGE_REDIS_TARGET_H
#define ORCH_BRIDGE_REDIS_TARGET_H

#include "base/auto.h"
#include "base/err.h"

struct redis_target {
    char *host, *port;
    char *user, *password; /* NULL: none */
    int database;
};

/* ERR_INVALID says what is wrong, and has nothing of a password in it. */
bool redis_target_parse(const char *url, struct redis_target *ret, struct err *e) must_check;
void redis_target_done(struct redis_target *target);
DEFINE_AUTO_DONE(redis_target)

#endif
