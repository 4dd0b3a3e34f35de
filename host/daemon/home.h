/* home.h -- whose the home is: the lock that one process of it holds, and the id that it made once,
 * by which the hosts of a store know each other (store/hosts.h). */
#ifndef ORCH_DAEMON_HOME_H
#define ORCH_DAEMON_HOME_H

#include "base/err.h"
#include "base/uuid.h"

/* For as long as the process lives: whatever the store is, one process of a home has it open.
 * ERR_CONFLICT: another one does. */
bool home_lock(const char *home, struct err *e) must_check;
/* From HOME/host-id, made where there is none; under the lock. */
bool home_id(const char *home, char ret[UUID_TEXT_BYTES], struct err *e) must_check;

#endif
