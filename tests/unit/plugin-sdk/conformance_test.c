/* conformance_test.c -- the stub does what ../shared/conformance/README.md asks of it. */
#include "fake_host.h"

#include <check.h>
#include <stdlib.h>

#define STUB "conformance.stub"

/* Each row is one attempt. */
static const struct {
    const char *config;
    uint32_t attempt;
    orch_status status;
    const char *result, *error_class, *error_message;
} rows[] = {
    {"{}", 1, ORCH_OK, "{}", "", ""},
    {"{\"return\":{\"result\":\"x\"}}", 1, ORCH_OK, "{\"result\":\"x\"}", "", ""},
    {"{\"return\":[1, 2.50]}", 1, ORCH_OK, "[1, 2.50]", "", ""},
    {"{\"return\":null}", 1, ORCH_OK, "null", "", ""},
    {"{\"echo_input\":true}", 1, ORCH_OK, "{\"in\":{\"a\": 1}}", "", ""},
    {"{\"echo_input\":false,\"return\":1}", 1, ORCH_OK, "1", "", ""},
    {"{\"fail_times\":2}", 1, ORCH_E_TRANSIENT, "", "RuntimeError", "Node failed"},
    {"{\"fail_times\":2}", 2, ORCH_E_TRANSIENT, "", "RuntimeError", "Node failed"},
    {"{\"fail_times\":2,\"return\":7}", 3, ORCH_OK, "7", "", ""},
    {"{\"fail_times\":1,\"error_class\":\"KeyError\",\"error_message\":\"no \\\"x\\\"\"}", 1,
     ORCH_E_TRANSIENT, "", "KeyError", "no \"x\""},
    {"{\"fail_times\":-1}", 1, ORCH_E_INPUT, "", "ValueError", "config.fail_times is wrong"},
    {"{\"sleep_s\":\"1\"}", 1, ORCH_E_INPUT, "", "ValueError", "config.sleep_s is wrong"},
    {"{\"echo_input\":1}", 1, ORCH_E_INPUT, "", "ValueError", "config.echo_input is wrong"},
    {"{\"error_class\":1}", 1, ORCH_E_INPUT, "", "ValueError", "config.error_class is wrong"},
    {"[]", 1, ORCH_E_INPUT, "", "ValueError", "the config is not a JSON object"},
};

START_TEST(the_stub_follows_its_config)
{
    auto_done(fake_host) host;

    fake_host_init(&host);
    ck_assert_int_eq(fake_agent_run(&host, &orch_plugin_v1, STUB, "{\"a\": 1}", rows[_i].config,
                                    rows[_i].attempt),
                     rows[_i].status);
    ck_assert_str_eq(buf_text(&host.result), rows[_i].result);
    ck_assert_str_eq(buf_text(&host.error_class), rows[_i].error_class);
    ck_assert_str_eq(buf_text(&host.error_message), rows[_i].error_message);
}
END_TEST

START_TEST(sleeping_is_cancelled)
{
    auto_done(fake_host) host;

    fake_host_init(&host);
    host.stop_after = 1;
    ck_assert_int_eq(fake_agent_run(&host, &orch_plugin_v1, STUB, "{}", "{\"sleep_s\": 3600}", 1),
                     ORCH_E_CANCELLED);
    ck_assert_uint_eq(host.results, 0);
}
END_TEST

START_TEST(a_short_sleep_comes_before_the_result)
{
    auto_done(fake_host) host;

    fake_host_init(&host);
    ck_assert_int_eq(fake_agent_run(&host, &orch_plugin_v1, STUB, "{}",
                                    "{\"sleep_s\": 0.02, \"return\": true}", 1),
                     ORCH_OK);
    ck_assert_str_eq(buf_text(&host.result), "true");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conformance plugin");
    TCase *tc = tcase_create("stub");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tc, the_stub_follows_its_config, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(tc, sleeping_is_cancelled);
    tcase_add_test(tc, a_short_sleep_comes_before_the_result);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
