#ifndef ORCH_TESTS_UNIT_SANDBOX_CLIENT_SUITES_H
#define ORCH_TESTS_UNIT_SANDBOX_CLIENT_SUITES_H

#include <check.h>

Suite *client_start_suite(void);
Suite *client_plugin_suite(void);
Suite *client_attempt_suite(void);
Suite *client_output_suite(void);
Suite *client_process_suite(void);
Suite *client_spare_suite(void);
Suite *client_stop_suite(void);
Suite *client_strike_suite(void);
Suite *client_zygote_suite(void);
Suite *client_pool_suite(void);
Suite *client_call_suite(void);

#endif
