/* suites.h -- the cases of schedule_test. */
#ifndef ORCH_TESTS_SCHEDULE_SUITES_H
#define ORCH_TESTS_SCHEDULE_SUITES_H

#include <check.h>

TCase *cron_case(void);
TCase *zone_case(void);
TCase *due_case(void);
TCase *overlap_cases(void);

#endif
