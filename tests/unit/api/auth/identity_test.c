/* identity_test.c -- the decision table: who may do what for which tenant. */
#include "suites.h"

#include "api/auth/identity.h"
#include "model/words/scopes.h"

#include <string.h>

#define T HTTP_HEADER_TENANT

/* One request: what it brings, and the code of the refusal ("" when it is let in). */
static const struct {
    const char *tenant, *tenant_ops, *tenant_id, *reason, *ticket;
    uint32_t scopes;
    enum route_need need;
    bool dev;
    const char *code;
} table[] = {
    {"a", NULL, NULL, NULL, NULL, SCOPE_READ, NEED_READ, false, ""},
    {NULL, "a", NULL, NULL, NULL, SCOPE_READ, NEED_READ, false, ""},
    {NULL, NULL, "a", NULL, NULL, SCOPE_READ, NEED_READ, false, ""},
    {"a", "a", "a", NULL, NULL, SCOPE_READ, NEED_READ, false, ""},
    {"a", "b", NULL, NULL, NULL, SCOPE_READ, NEED_READ, false, "TENANT_MISMATCH"},
    {"a", NULL, "b", NULL, NULL, SCOPE_READ, NEED_READ, false, "TENANT_MISMATCH"},
    {"b", NULL, NULL, NULL, NULL, SCOPE_READ, NEED_READ, false, "TENANT_MISMATCH"},
    {NULL, NULL, NULL, NULL, NULL, SCOPE_READ, NEED_READ, false, "TENANT_REQUIRED"},
    {NULL, NULL, NULL, NULL, NULL, SCOPE_READ, NEED_READ, true, ""},
    {"b", NULL, NULL, NULL, NULL, SCOPE_READ, NEED_READ, true, "TENANT_MISMATCH"},
    {"a/b", NULL, NULL, NULL, NULL, SCOPE_READ, NEED_READ, false, "TENANT_INVALID"},
    {"..", NULL, NULL, NULL, NULL, SCOPE_READ, NEED_READ, false, "TENANT_INVALID"},
    {"a", NULL, NULL, NULL, NULL, 0, NEED_READ, false, "ERR_SCOPE_MISMATCH"},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ORCH_READ, NEED_READ, false, ""},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ORCH_QUOTA, NEED_READ, false, "ERR_SCOPE_MISMATCH"},
    {"a", NULL, NULL, NULL, NULL, SCOPE_READ, NEED_WRITE, false, "ERR_SCOPE_MISMATCH"},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ORCH_READ, NEED_WRITE, false, "ERR_SCOPE_MISMATCH"},
    {"a", NULL, NULL, NULL, NULL, SCOPE_WRITE, NEED_WRITE, false, ""},
    {"a", NULL, NULL, NULL, NULL, SCOPE_WRITE, NEED_READ, false, ""},
    {"a", NULL, NULL, NULL, NULL, SCOPE_WRITE, NEED_ADMIN, false, "ERR_SCOPE_MISMATCH"},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ADMIN, NEED_ADMIN, false, ""},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ADMIN, NEED_WRITE, false, ""},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ORCH_OPERATE, NEED_WRITE, false, "REASON_REQUIRED"},
    {"a", NULL, NULL, "r", NULL, SCOPE_ORCH_OPERATE, NEED_WRITE, false, "REASON_REQUIRED"},
    {"a", NULL, NULL, "r", "T-1", SCOPE_ORCH_OPERATE, NEED_WRITE, false, ""},
    {"a", NULL, NULL, "r", "T-1", SCOPE_ORCH_OPERATE, NEED_ADMIN, false, ""},
    {"a", NULL, NULL, "r", "T-1", SCOPE_ORCH_QUOTA, NEED_ADMIN, false, "ERR_SCOPE_MISMATCH"},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ORCH_BACKFILL, NEED_BACKFILL, false, ""},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ADMIN, NEED_BACKFILL, false, ""},
    {"a", NULL, NULL, NULL, NULL, SCOPE_WRITE, NEED_BACKFILL, false, "ERR_SCOPE_MISMATCH"},
    {"a", NULL, NULL, "r", "T-1", SCOPE_ORCH_OPERATE, NEED_BACKFILL, false, "ERR_SCOPE_MISMATCH"},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ORCH_BACKFILL, NEED_BACKFILL_READ, false, ""},
    {"a", NULL, NULL, NULL, NULL, SCOPE_READ, NEED_BACKFILL_READ, false, ""},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ORCH_BACKFILL, NEED_READ, false, "ERR_SCOPE_MISMATCH"},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ORCH_OPERATE, NEED_READ, false, ""},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ORCH_QUOTA, NEED_QUOTA, false, ""},
    {"a", NULL, NULL, NULL, NULL, SCOPE_ADMIN, NEED_QUOTA, false, ""},
    {"a", NULL, NULL, "r", "T-1", SCOPE_ORCH_OPERATE, NEED_QUOTA, false, "ERR_SCOPE_MISMATCH"},
};

START_TEST(the_decision_table_holds)
{
    struct claims claims = {.subject = "s", .tenant = "a", .scopes = table[_i].scopes};
    struct http_head head = {0};
    struct identity who = {0};
    const char *code = NULL;
    struct err e;
    bool in;

    head.header[T] = (char *)table[_i].tenant;
    head.header[HTTP_HEADER_TENANT_OPS] = (char *)table[_i].tenant_ops;
    head.header[HTTP_HEADER_TENANT_ID] = (char *)table[_i].tenant_id;
    head.header[HTTP_HEADER_OPERATOR_REASON] = (char *)table[_i].reason;
    head.header[HTTP_HEADER_TICKET] = (char *)table[_i].ticket;
    in = identity_decide(&head, &claims, table[_i].need, table[_i].dev, &who, &code, &e);
    ck_assert_msg(in == (*table[_i].code == '\0'), "row %d", _i);
    if (in)
        ck_assert_str_eq(who.tenant, "a");
    else
        ck_assert_str_eq(code, table[_i].code);
}
END_TEST

START_TEST(a_token_without_a_tenant_is_for_nobody)
{
    struct claims claims = {.scopes = SCOPE_ADMIN};
    struct http_head head = {0};
    struct identity who;
    const char *code;
    struct err e;

    ck_assert(!identity_decide(&head, &claims, NEED_READ, true, &who, &code, &e));
    head.header[T] = (char *)"a";
    ck_assert(!identity_decide(&head, &claims, NEED_READ, false, &who, &code, &e));
    ck_assert_str_eq(code, "TENANT_MISMATCH");
}
END_TEST

START_TEST(two_reasons_must_be_the_same)
{
    struct claims claims = {.tenant = "a", .scopes = SCOPE_ADMIN};
    struct http_head head = {0};
    struct identity who;
    const char *code;
    struct err e;

    head.header[T] = (char *)"a";
    head.header[HTTP_HEADER_REASON] = (char *)"one";
    head.header[HTTP_HEADER_OPERATOR_REASON] = (char *)"two";
    ck_assert(!identity_decide(&head, &claims, NEED_WRITE, false, &who, &code, &e));
    head.header[HTTP_HEADER_OPERATOR_REASON] = (char *)"one";
    ck_assert(identity_decide(&head, &claims, NEED_WRITE, false, &who, &code, &e));
    ck_assert_str_eq(who.reason, "one");
}
END_TEST

START_TEST(only_a_bearer_is_a_token)
{
    struct http_head head = {0};

    ck_assert_ptr_null(bearer_token(&head));
    head.header[HTTP_HEADER_AUTHORIZATION] = (char *)"Basic eDp5";
    ck_assert_ptr_null(bearer_token(&head));
    head.header[HTTP_HEADER_AUTHORIZATION] = (char *)"Bearer ";
    ck_assert_ptr_null(bearer_token(&head));
    head.header[HTTP_HEADER_AUTHORIZATION] = (char *)"bearer  abc";
    ck_assert_str_eq(bearer_token(&head), "abc");
}
END_TEST

TCase *identity_cases(void)
{
    TCase *tc = tcase_create("identity");

    tcase_add_loop_test(tc, the_decision_table_holds, 0, (int)ARRAY_LEN(table));
    tcase_add_test(tc, a_token_without_a_tenant_is_for_nobody);
    tcase_add_test(tc, two_reasons_must_be_the_same);
    tcase_add_test(tc, only_a_bearer_is_a_token);
    return tc;
}
