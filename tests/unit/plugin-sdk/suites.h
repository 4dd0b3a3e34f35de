#ifndef ORCH_TESTS_PLUGIN_SDK_SUITES_H
#define ORCH_TESTS_PLUGIN_SDK_SUITES_H

#include <check.h>

Suite *abi_suite(void);
Suite *json_read_suite(void);
Suite *sdk_suite(void);

#endif
