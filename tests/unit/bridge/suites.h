/* suites.h -- the suites of the bridge's tests. */
#ifndef ORCH_TESTS_BRIDGE_SUITES_H
#define ORCH_TESTS_BRIDGE_SUITES_H

#include <check.h>

TCase *claims_cases(void);
TCase *client_cases(void);
TCase *first_cases(void);
TCase *page_cases(void);
TCase *redis_cases(void);
TCase *routes_cases(void);
TCase *target_cases(void);
TCase *tasks_cases(void);

#endif
