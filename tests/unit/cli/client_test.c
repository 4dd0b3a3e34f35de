/* client_test.c -- paths and queries; requests are tests/unit/cli/cli_test.py's. */
#include "suites.h"

#include "base/buf.h"
#include "cli/client.h"

START_TEST(segments_and_queries_are_percent_encoded)
{
    auto_done(buf) path = {0};

    buf_adds(&path, "/dags");
    client_path_add(&path, "a/b c\xC3\xA9?");
    client_path_add(&path, "1.0.0-rc~1_x");
    client_query_add(&path, "none", NULL);
    client_query_add(&path, "dagId", "x&y=z");
    client_query_add(&path, "status", "failed");
    ck_assert_str_eq(buf_text(&path),
                     "/dags/a%2Fb%20c%C3%A9%3F/1.0.0-rc~1_x?dagId=x%26y%3Dz&status=failed");
}
END_TEST

START_TEST(a_page_is_asked_for_by_size_and_token)
{
    auto_done(buf) path = {0};
    struct cli cli = {.set = {.page_size = 7, .page_token = "t/1"}};

    buf_adds(&path, "/runs?status=failed");
    client_query_page(&cli, &path);
    ck_assert_str_eq(buf_text(&path), "/runs?status=failed&page_size=7&page_token=t%2F1");
}
END_TEST

TCase *client_cases(void)
{
    TCase *tc = tcase_create("client");

    tcase_add_test(tc, segments_and_queries_are_percent_encoded);
    tcase_add_test(tc, a_page_is_asked_for_by_size_and_token);
    return tc;
}
