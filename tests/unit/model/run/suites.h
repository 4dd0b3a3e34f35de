/* suites.h -- the suites of the run tests. */
#ifndef ORCH_TESTS_RUN_SUITES_H
#define ORCH_TESTS_RUN_SUITES_H

#include <check.h>

TCase *state_cases(void);
TCase *level_cases(void);
TCase *retry_cases(void);
TCase *timeout_cases(void);
TCase *failure_cases(void);
TCase *control_cases(void);
TCase *restore_cases(void);
TCase *resume_cases(void);
TCase *preempt_cases(void);
TCase *why_cases(void);

#endif
