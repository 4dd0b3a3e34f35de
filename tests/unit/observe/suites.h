/* suites.h -- one case a file of host/observe; metrics_test.c runs them all. */
#ifndef ORCH_TESTS_OBSERVE_SUITES_H
#define ORCH_TESTS_OBSERVE_SUITES_H

#include <check.h>

TCase *task_times_cases(void);

#endif
