/* explain_test.c -- no code is without an explanation. */
#include "suites.h"

#include "authority/trust/refusal.h"
#include "cli/dag/explain.h"
#include "model/dag/finding.h"
#include "model/words/outcomes.h"

#include <string.h>

START_TEST(every_code_is_explained_once)
{
    for (size_t i = 0; i < code_text_count; i++) {
        ck_assert_ptr_eq(code_text_find(code_texts[i].code), &code_texts[i]);
        ck_assert(*code_texts[i].meaning != '\0' && *code_texts[i].remedy != '\0');
    }
}
END_TEST

START_TEST(every_finding_refusal_and_outcome_is_explained)
{
    static const char *const codes[] = {
#define XX(type, text) text,
        FINDING_MAP(XX)
#undef XX
#define XX(name, word, code) word,
            REFUSAL_MAP(XX)
#undef XX
#define XX(name, text, error_class, retry, answered) text,
                OUTCOME_MAP(XX)
#undef XX
    };

    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        ck_assert_msg(code_text_find(codes[i]) != NULL, "'%s' is not in codes.def", codes[i]);
}
END_TEST

START_TEST(a_code_is_found_in_any_case)
{
    ck_assert_str_eq(code_text_find("tenant_required")->code, "TENANT_REQUIRED");
    ck_assert_str_eq(code_text_find("CYCLE")->code, "cycle");
    ck_assert_ptr_null(code_text_find("no_such_code"));
}
END_TEST

TCase *explain_cases(void)
{
    TCase *tc = tcase_create("explain");

    tcase_add_test(tc, every_code_is_explained_once);
    tcase_add_test(tc, every_finding_refusal_and_outcome_is_explained);
    tcase_add_test(tc, a_code_is_found_in_any_case);
    return tc;
}
