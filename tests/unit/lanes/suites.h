/* suites.h -- the cases of the lanes room. */
#ifndef ORCH_TESTS_LANES_SUITES_H
#define ORCH_TESTS_LANES_SUITES_H

#include "lanes/lanes.h"

#include <check.h>

#define SECOND_NS 1000000000LL
#define AGEING ((struct lane_ageing){300 * SECOND_NS, 60 * SECOND_NS})

TCase *admission_case(void);
TCase *decision_case(void);
TCase *file_case(void);
TCase *fingerprint_case(void);
TCase *first_case(void);
TCase *limits_case(void);
TCase *load_case(void);
TCase *members_case(void);
TCase *place_case(void);
TCase *quota_case(void);
TCase *preempt_case(void);
TCase *scale_case(void);
TCase *storm_case(void);
TCase *worker_case(void);

#endif
