/* nats_suites.h -- the suites of the tests of NATS. */
#ifndef ORCH_TESTS_BRIDGE_NATS_SUITES_H
#define ORCH_TESTS_BRIDGE_NATS_SUITES_H

#include <check.h>

TCase *nats_cases(void);
TCase *nats_lost_cases(void);
TCase *nats_words_cases(void);

#endif
