/* problem_test.c -- the error body. */
#include "suites.h"

#include "api/http/problem.h"
#include "base/json.h"

#include <string.h>

static const char *text_of(const json_t *body, const char *key)
{
    return json_string_value(json_object_get(body, key));
}

START_TEST(one_body_serves_every_kind_of_client)
{
    struct err e;
    struct problem p = {.code = "DAG_NOT_FOUND", .e = &e, .instance = "/dags/x", .trace_id = "t"};
    auto_json body = NULL;
    const json_t *error;

    (void)err_set(&e, ERR_NOT_FOUND, "DAG not found");
    body = problem_json_owned(&p);
    error = json_object_get(body, "error");
    ck_assert_str_eq(text_of(body, "type"), "https://orch.invalid/errors/dag-not-found");
    ck_assert_str_eq(text_of(body, "title"), "Not Found");
    ck_assert_str_eq(text_of(body, "detail"), "DAG not found");
    ck_assert_str_eq(text_of(body, "message"), "DAG not found");
    ck_assert_str_eq(text_of(error, "code"), "DAG_NOT_FOUND");
    ck_assert_str_eq(text_of(error, "trace_id"), "t");
    ck_assert_int_eq(json_integer_value(json_object_get(body, "status")), 404);
    ck_assert(json_is_array(json_object_get(body, "errors")));
    ck_assert(json_is_false(json_object_get(body, "retryable")));
}
END_TEST

START_TEST(every_err_code_has_a_code_and_a_title)
{
    for (uint32_t code = ERR_NONE + 1; code < ERR_CODE_COUNT; code++) {
        struct err e;
        struct problem p = {.e = &e, .instance = "/", .trace_id = ""};

        (void)err_set(&e, code, "x");
        ck_assert_ptr_nonnull(problem_code(&p));
        ck_assert_str_ne(http_status_text(problem_status(&p)), "Unknown");
    }
}
END_TEST

START_TEST(an_internal_fault_keeps_its_cause_to_itself)
{
    struct err e;
    struct problem p = {.e = &e, .instance = "/", .trace_id = ""};
    auto_json body = NULL;

    (void)err_set(&e, ERR_SYSTEM, "open /var/lib/orch/store.db");
    body = problem_json_owned(&p);
    ck_assert_ptr_null(strstr(text_of(body, "message"), "store.db"));
    ck_assert_str_eq(text_of(body, "code"), "INTERNAL");
}
END_TEST

START_TEST(texts_that_are_not_utf8_still_make_a_body)
{
    struct err e;
    struct problem p = {.e = &e, .instance = "/dags/\xff\xfe", .trace_id = ""};
    auto_json body = NULL;

    (void)err_set(&e, ERR_INVALID, "cut in a character: \xe2\x82");
    body = problem_json_owned(&p);
    ck_assert_ptr_nonnull(body);
    ck_assert_ptr_nonnull(text_of(body, "instance"));
}
END_TEST

TCase *problem_cases(void)
{
    TCase *tc = tcase_create("problem");

    tcase_add_test(tc, one_body_serves_every_kind_of_client);
    tcase_add_test(tc, every_err_code_has_a_code_and_a_title);
    tcase_add_test(tc, an_internal_fault_keeps_its_cause_to_itself);
    tcase_add_test(tc, texts_that_are_not_utf8_still_make_a_body);
    return tc;
}
