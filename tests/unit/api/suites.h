/* suites.h -- one case a file of host/api; main.c runs them all. */
#ifndef ORCH_TESTS_API_SUITES_H
#define ORCH_TESTS_API_SUITES_H

#include <check.h>

TCase *router_cases(void);
TCase *head_cases(void);
TCase *http_cases(void);
TCase *problem_cases(void);
TCase *identity_cases(void);
TCase *limits_cases(void);
TCase *tokens_cases(void);
TCase *idempotency_cases(void);
TCase *envelope_cases(void);
TCase *history_cases(void);
TCase *made_cases(void);
TCase *request_cases(void);
TCase *turn_cases(void);
TCase *ring_cases(void);
TCase *stream_client_cases(void);
TCase *stream_auth_cases(void);

#endif
