/* told.h -- what signals tell orchd. The process's: there is one of it, and it stays.
 *
 *   SIGTERM, SIGINT      end, in order (ending.h); once more, a second or later: wait for nothing
 *   SIGHUP               read trust/ and plugins/ again, as `orch plugin refresh` does
 *   SIGQUIT, SIGABRT     end at once, with a core file where the machine makes them
 *   others               nothing: they are passed over (base/signals.h). What they are about comes
 *                        as an errno: SIGPIPE, SIGXFSZ
 *
 * A service manager signals every process of a host at once, and a wrapper passes on what the whole
 * group got already: so a second word that comes at once is the same word. libuv tells a signal at
 * the end of a turn, behind the ends of the processes that it came to as well; so the handlers are
 * ours, and what they say is known from the moment of delivery. */
#ifndef ORCH_DAEMON_TOLD_H
#define ORCH_DAEMON_TOLD_H

#include "base/err.h"

/* Before anything else is started. */
bool told_listen(struct err *e) must_check;
/* Readable when there is something new; level-triggered, told_hear makes it quiet. */
int told_fd(void);
void told_hear(void);

/* The first signal that says so; 0: none did. */
int told_to_end(void);
bool told_to_hurry(void);
/* Once for all that came since the last call. */
bool told_to_reload(void);

#endif
