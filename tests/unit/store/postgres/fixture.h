/* fixture.h -- the fixture of the driver for PostgreSQL, and its own cases. */
#ifndef ORCH_TESTS_STORE_POSTGRES_FIXTURE_H
#define ORCH_TESTS_STORE_POSTGRES_FIXTURE_H

#include "unit/store/suites.h"

/* Opens the store anew, through a proxy. fixture_teardown ends it. */
struct proxy *fixture_put_between(void);
/* The store without it; the caller's. */
char *fixture_direct_url(void);

TCase *bulletin_cases(void);
/* What a payload tells, as it would be told again. The caller owns it. */
char *bulletin_again_owned(const char *payload);
TCase *group_cases(void);
TCase *herald_cases(void);
TCase *plan_cases(void);
TCase *several_cases(void);
TCase *race_cases(void);
TCase *wave_cases(void);

#endif
