/* schedule_steps.h -- what the cases of schedules and of backfills have in common: a schedule of
 * every minute, and a clock that is the test's. */
#ifndef ORCH_TESTS_ENGINE_SCHEDULE_STEPS_H
#define ORCH_TESTS_ENGINE_SCHEDULE_STEPS_H

#include "suites.h"

#define ID "s-1"
#define EVERY_US (60LL * 1000000)
#define MINUTE (60 * RIG_S)

extern int64_t anchor_us; /* of the schedule that was made last */

struct store_schedule every_minute(void);
void put_schedule(const struct store_schedule *row);
/* "1 fired, 2 skipped overlap, ": the due times in minutes from the anchor, ascending. */
void check_firings(const char *want);
size_t runs_there(void);
/* Of a scheduler that turns every second, as it does. */
void pass_minutes(int count);
/* The machine sleeps, or the host is away. */
void be_away_for(int64_t minutes);
void run_ends(void);

#endif
