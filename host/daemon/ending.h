/* ending.h -- from the word to end (told.h) to the end of the loop.
 *
 *   LIVING     Nobody said a word.
 *   DRAINING   The word came: no run is admitted and no attempt started, /readyz says so. What runs
 *              may end, and is committed.
 *   ASKED      drain-s is over, or the word came once more: what still runs is asked to stop
 *              (should_stop), and has cancel-grace-ms for it.
 *   OVER       Nothing runs and all is committed, or that is over too, or the sandbox is gone: the
 *              loop ends. What runs even now is killed with the sandbox. It was left open: it runs
 *              again at the next start, and does not count.
 *
 * During the start, or with drain-s 0, there is nothing to wait for: OVER follows at once. */
#ifndef ORCH_DAEMON_ENDING_H
#define ORCH_DAEMON_ENDING_H

#include <stdbool.h>
#include <stdint.h>

struct host;

enum ending_phase { ENDING_LIVING, ENDING_DRAINING, ENDING_ASKED, ENDING_OVER };

struct ending {
    enum ending_phase phase;
    int64_t until_ns; /* of the phase */
};

/* Once a turn, and before an attempt's end is judged. True: the loop shall end. */
bool ending_turn(struct host *host, int64_t now_ns);
/* INT64_MAX: not waiting for a time. */
int64_t ending_next_timer(const struct host *host);
/* There is nothing left that could be waited for. */
void ending_now(struct host *host);

#endif
