/* breaker.h -- stops a lane whose attempts fail for one reason again and again (LANES_KIT.md 4).
 * Pure: the caller gives the time.
 *
 * Closed: everything starts, and the failures of each error class are counted since the last
 * success. Open: nothing starts for open_ns. Then half open: one starts at a time, the trial;
 * `successes` trials in a row close it, one that fails opens it again. What was started before it
 * opened says nothing about it. */
#ifndef ORCH_LANES_BREAKER_H
#define ORCH_LANES_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LANE_BREAKER_CLASSES = 4, /* that are counted; one more takes the place of the rarest */
    LANE_ERROR_CLASS_BYTES = 64,
};

enum lane_breaker_state { LANE_BREAKER_CLOSED, LANE_BREAKER_OPEN, LANE_BREAKER_HALF_OPEN };

struct lane_breaker_spec {
    uint32_t failures;  /* of one class open it; 0: it never opens */
    uint32_t successes; /* from 1 */
    int64_t open_ns;
};

struct lane_failures {
    char class[LANE_ERROR_CLASS_BYTES]; /* cut where it is longer */
    uint32_t count;
};

struct lane_breaker {
    bool opened; /* since opened_ns, and not closed again */
    int64_t opened_ns;
    uint64_t trial;                                    /* number of the item; 0: none is on */
    uint32_t successes;                                /* of trials, in a row */
    struct lane_failures failed[LANE_BREAKER_CLASSES]; /* the first: what opened it */
};

enum lane_breaker_state lane_breaker_state(const struct lane_breaker *breaker,
                                           const struct lane_breaker_spec *spec, int64_t now_ns);
const char *lane_breaker_state_text(enum lane_breaker_state state);
/* From when on something may start: INT64_MIN: it may now, INT64_MAX: once the trial has ended. */
int64_t lane_breaker_next_ns(const struct lane_breaker *breaker,
                             const struct lane_breaker_spec *spec, int64_t now_ns);
/* The item has started; it is a trial where it is half open. */
void lane_breaker_started(struct lane_breaker *breaker, const struct lane_breaker_spec *spec,
                          uint64_t item, int64_t now_ns);
/* It has ended, or was put back: no verdict. */
void lane_breaker_ended(struct lane_breaker *breaker, uint64_t item);
/* Before lane_breaker_ended: error_class NULL: it went well. */
void lane_breaker_judge(struct lane_breaker *breaker, const struct lane_breaker_spec *spec,
                        uint64_t item, const char *error_class, int64_t now_ns);

/* Of the class that has most, since the last success. */
uint32_t lane_breaker_failures(const struct lane_breaker *breaker);

#endif
