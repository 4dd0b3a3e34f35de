/* cron.h -- a cron expression: five fields, as crontab(5) of Vixie's cron has them (LANES.md 6). It
 * knows local times only (civil.h); what they are in a zone is due.h's.
 *
 *     minute 0-59, hour 0-23, day 1-31, month 1-12 or JAN-DEC, weekday 0-7 or SUN-SAT (0 and 7:
 * Sunday)
 *     *  7  1-5  1,15  * /2 or 0-30/10 (without the blank)      @hourly @daily @weekly @monthly
 * @yearly
 *
 * Both day and weekday must match if either begins with '*'; otherwise one is enough. */
#ifndef ORCH_MODEL_SCHEDULE_CRON_H
#define ORCH_MODEL_SCHEDULE_CRON_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { CRON_BYTES_MAX = 1024 };

struct cron {
    uint64_t sets[5];   /* bit n: the value n is in the field */
    bool either;        /* day or weekday is enough */
    bool hours_are_all; /* the hour is "*": it runs by real hours (due.h) */
};

/* ERR_INVALID names the field and the word; also for an expression that is never due. */
bool cron_parse(const char *text, size_t len, struct cron *ret, struct err *e) must_check;
/* The first local time from from_s on and before until_s that matches; a whole minute. */
bool cron_next(const struct cron *c, int64_t from_s, int64_t until_s, int64_t *ret_s) must_check;

#endif
