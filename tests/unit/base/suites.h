/* suites.h -- the suites of the base tests. */
#ifndef ORCH_TESTS_BASE_SUITES_H
#define ORCH_TESTS_BASE_SUITES_H

#include <check.h>

TCase *json_cases(void);
TCase *jcs_cases(void);
TCase *jcs_object_cases(void);
TCase *json_scan_cases(void);
TCase *json_thread_cases(void);
TCase *names_cases(void);
TCase *work_pool_cases(void);
TCase *text_cases(void);
TCase *misc_cases(void);
TCase *log_cases(void);
TCase *signals_cases(void);
TCase *timers_cases(void);

#endif
