/* again.c -- see again.h. */
#include "daemon/again.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/told.h"

#include <poll.h>

#define LASTED_NS (60LL * 1000 * 1000 * 1000)
enum { TRIES_MAX = 6, PAUSE_MS = 500 };

/* Twice as long each time. False: told to end meanwhile. */
static bool pause_before(unsigned tries)
{
    int64_t until_ns = clock_mono_ns() + (tries > 1 ? (PAUSE_MS * 1000000LL) << tries : 0);
    struct pollfd p = {.fd = told_fd(), .events = POLLIN};
    int64_t left_ns;

    while (told_to_end() == 0 && (left_ns = until_ns - clock_mono_ns()) > 0) {
        if (poll(&p, 1, (int)(left_ns / 1000000) + 1) > 0)
            told_hear();
    }
    return told_to_end() == 0;
}

enum again_next again_next(struct again *again, bool fenced, const struct err *why)
{
    bool was_ready = again->ready_ns != 0;

    if (!fenced && (was_ready || again->tries == 0))
        return AGAIN_FINAL;
    if (told_to_end() != 0)
        return AGAIN_TOLD_TO_END;
    if (was_ready && clock_mono_ns() - again->ready_ns >= LASTED_NS)
        again->tries = 0;
    again->ready_ns = 0;
    if (++again->tries > TRIES_MAX) {
        log_event(LOG_ERROR, "host.not_again", F_INT("tries", TRIES_MAX), F_ERR(why));
        return AGAIN_FINAL;
    }
    if (!pause_before(again->tries))
        return AGAIN_TOLD_TO_END;
    log_event(LOG_WARN, "host.begins_again", F_INT("try", again->tries), F_ERR(why));
    return AGAIN_DUE;
}
