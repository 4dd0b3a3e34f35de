/* names_test.c -- the grammar of what a token, a header or a setting may call somebody. */
#include "suites.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/names.h"

#include <string.h>

typedef bool check_fn(const char *text, struct err *e);

static bool plain(const char *text, struct err *e)
{
    return name_check_plain("a thing", text, 8, e);
}

static const struct {
    check_fn *check;
    const char *text;
    bool taken;
} table[] = {
    {name_check_tenant, "default", true},
    {name_check_tenant, "-A.b_9", true},
    {name_check_tenant, "", false},
    {name_check_tenant, ".hidden", false},
    {name_check_tenant, "..", false},
    {name_check_tenant, "a\nb", false},
    {name_check_tenant, "a\rX-Evil: 1", false},
    {name_check_tenant, "a b", false},
    {name_check_tenant, "a\"b", false},
    {name_check_tenant, "a/b", false},
    {name_check_tenant, "a*", false},
    {name_check_tenant, "caf\xC3\xA9", false},
    {name_check_tenant, "a\x7f", false},
    {name_check_tenant_pattern, "*", true},
    {name_check_tenant_pattern, "test-[!a-c]?", true},
    {name_check_tenant_pattern, "a\n*", false},
    {name_check_tenant_pattern, "a,b", false},
    {name_check_tenant_pattern, "", false},
    {name_check_subject, "ci", true},
    {name_check_subject, "alice@example.org", true},
    {name_check_subject, "Ren\xC3\xA9 Dupont", true},
    {name_check_subject, "", false},
    {name_check_subject, " ci", false},
    {name_check_subject, "ci ", false},
    {name_check_subject, "a\nb", false},
    {name_check_subject, "a\tb", false},
    {name_check_subject, "a\x7f", false},
    {name_check_subject, "a\xC2\x85", false},
    {name_check_subject, "a\xFF", false},
    {name_check_scopes, "", true},
    {name_check_scopes, "orch:read orch:operate", true},
    {name_check_scopes, "orch:read  orch:operate", false},
    {name_check_scopes, " orch:read", false},
    {name_check_scopes, "orch:read ", false},
    {name_check_scopes, "orch:read\norch:operate", false},
    {name_check_scopes, "a\"b", false},
    {name_check_scopes, "a\\b", false},
    {name_check_scopes, "caf\xC3\xA9", false},
    {plain, "12345678", true},
    {plain, "123456789", false},
    {plain, ".", false},
};

START_TEST(a_name_is_taken_or_told_its_rule)
{
    struct err e = {0};

    ck_assert_msg(table[_i].check(table[_i].text, &e) == table[_i].taken, "row %d", _i);
    if (!table[_i].taken)
        ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

START_TEST(a_name_has_the_length_of_its_limit_at_most)
{
    auto_mem char *text = mem_printf("%0*d", SUBJECT_BYTES_MAX + 1, 0);
    struct err e = {0};

    ck_assert(!name_check_subject(text, &e));
    text[SUBJECT_BYTES_MAX] = '\0';
    ck_assert(name_check_subject(text, &e));
    ck_assert(!name_check_tenant(text, &e));
    ck_assert(!name_check_tenant_pattern(text, &e));
    text[TENANT_BYTES_MAX] = '\0';
    ck_assert(name_check_tenant(text, &e));
    ck_assert(name_check_tenant_pattern(text, &e));
}
END_TEST

TCase *names_cases(void)
{
    TCase *tc = tcase_create("names");

    tcase_add_loop_test(tc, a_name_is_taken_or_told_its_rule, 0, ARRAY_LEN(table));
    tcase_add_test(tc, a_name_has_the_length_of_its_limit_at_most);
    return tc;
}
